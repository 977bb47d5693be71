import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { keyedRandom } from '../../src/engine/keyedRandom.ts';
import { launchResultSchema } from '../../src/experiment/launchResult.ts';
import { fullReportSchema } from '../../src/experiment/report/fullReport.ts';
import { RunStore } from '../../src/runs/store.ts';
import { grain, startGrain } from './grain.ts';
import { outcomeOf } from './outcome.ts';
import { writeRings } from './rings.ts';

const root = mkdtempSync(path.join(tmpdir(), 'grain-seeds-'));
after(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

async function trained(folder: string, ...args: readonly string[]) {
  const { stdout, stderr, status } = await grain(['run', 'grain.yaml', '--json', ...args], folder);
  const result = launchResultSchema.parse(JSON.parse(stdout));
  if (!('runs' in result)) return { status, error: result.error.message };
  return { status, stderr, result, names: result.runs.map(nameOf) };
}

function nameOf({
  aggregator,
  seed,
}: {
  aggregator: string;
  seed: { init: number; order: number };
}) {
  return `${aggregator} ${seed.init}/${seed.order}`;
}

test('seeds and methods join an experiment; what is done is not done again', async () => {
  const folder = path.join(root, 'join');
  const short = { steps: '3', evaluateEvery: '3', groups: '{ by: microbatch, count: 2 }' };
  writeRings(folder, { ...short, seeds: '[0, 4]', aggregate: '[mean]' });
  const none = await trained(folder, '--add-seeds', '2');
  assert.match(
    none.error!,
    /^no experiment of grain\.yaml in .*Expected one: grain run grain\.yaml/,
  );

  const first = await trained(folder);
  const added = await trained(folder, '--add-seeds', '2');
  assert.deepEqual(added.names, ['mean 5/5', 'mean 6/6']);
  assert.deepEqual(added.result!.experiment, first.result!.experiment);
  assert.equal(added.result!.findings.methods[0]!.figures!.n, 4, 'the verdict is of all runs');

  const again = await trained(folder, '--add-seeds', '0');
  assert.match(again.error!, /^nothing to train: rings-.* has every run of grain\.yaml/);

  writeRings(folder, { ...short, seeds: '[9]', aggregate: '[mean, grain]' });
  const both = await trained(folder, '--add-seeds', '0');
  assert.deepEqual(both.names!.sort(), [
    ...['grain 0/0', 'grain 4/4', 'grain 5/5', 'grain 6/6', 'grain 9/9', 'mean 9/9'],
  ]);
  assert.equal(both.result!.findings.comparisons[0]!.pairs, 5);

  appendFileSync(path.join(folder, 'rings.csv'), '1,1,inner\n');
  const other = await trained(folder, '--add-seeds', '1');
  assert.match(
    other.error!,
    /was trained with another train data, validation data\. Expected what/,
  );
  writeRings(folder, { ...short, steps: '4', seeds: '[9]', aggregate: '[mean, grain]' });
  const longer = await trained(folder, '--add-seeds', '1');
  assert.match(longer.error!, /was trained with another steps\./);
});

test('crossed seeds grow by their counts', async () => {
  const folder = path.join(root, 'crossed');
  const short = { steps: '2', evaluateEvery: '2', aggregate: '[mean]' };
  writeRings(folder, { ...short, seeds: '{ init: 1, order: 2 }' });
  assert.deepEqual((await trained(folder)).names, ['mean 0/0', 'mean 0/1']);
  const refused = await trained(folder, '--add-seeds', '3');
  assert.match(refused.error!, /crossed seeds cannot be lengthened by a number/);
  writeRings(folder, { ...short, seeds: '{ init: 2, order: 2 }' });
  assert.deepEqual((await trained(folder, '--add-seeds', '0')).names, ['mean 1/1', 'mean 1/0']);

  const { stdout } = await grain(['report', 'grain.yaml', '--json'], folder);
  const { findings, finals } = fullReportSchema.parse(JSON.parse(stdout));
  const [{ sources, cells } = assert.fail()] = findings.crossed;
  assert.deepEqual(
    sources.map(({ source, seeds }) => [source, ...seeds]),
    [
      ['init', 0, 1],
      ['order', 0, 1],
    ],
  );
  for (const { seed, metrics } of finals) {
    const cell = cells.find(({ seeds }) => seeds[0] === seed.init && seeds[1] === seed.order)!;
    assert.equal(cell.value, metrics.accuracy);
  }
  const page = await grain(['report', 'grain.yaml', '--format', 'html'], folder);
  assert.match(page.stdout, /accuracy of mean by initialization and order/);
});

test('the split is a source of variance: each seed of it has validation examples of its own', async () => {
  const folder = path.join(root, 'split');
  const config = {
    ...{ steps: '4', evaluateEvery: '4', aggregate: '[mean]' },
    data: '{ train: rings.csv, validation: { share: 0.2 }, target: ring }',
  };
  writeRings(folder, { ...config, seeds: '{ order: 2, split: 2 }' });
  const { names } = await trained(folder);
  assert.deepEqual(names, ['mean 0/0', 'mean 0/1', 'mean 0/0', 'mean 0/1']);
  const runs = await new RunStore(folder).list();
  const drawn = new Map<unknown, Set<string | undefined>>();
  for (const { manifest } of runs) {
    const { split } = manifest.seed;
    const { validation } = manifest.config.data as { validation: { seed: number } };
    assert.equal(validation.seed, split);
    const known = drawn.get(split) ?? new Set();
    drawn.set(split, known.add(manifest.fingerprints.validation));
  }
  assert.ok([...drawn.values()].every(({ size }) => size === 1));
  assert.notDeepEqual(drawn.get(0), drawn.get(1));

  const { stdout } = await grain(['report', 'grain.yaml', '--json'], folder);
  const { findings, verdict, finals } = fullReportSchema.parse(JSON.parse(stdout));
  assert.deepEqual(
    findings.crossed[0]!.sources.map(({ source }) => source),
    ['order', 'split'],
  );
  assert.match(verdict.notes.join('\n'), /% order of the examples \(95 % .* % split \(95 %/);
  // The run of a split is what a run with that seed of the config's is.
  const alone = path.join(root, 'alone');
  const data = config.data.replace('share: 0.2', 'share: 0.2, seed: 1');
  writeRings(alone, { ...config, data, seeds: '[{ init: 0, order: 1 }]' });
  const { result } = await trained(alone);
  const twin = finals.find(({ seed }) => seed.order === 1 && seed.split === 1)!;
  assert.equal(result!.findings.runs[0]!.value, twin.metrics.accuracy);

  writeRings(folder, { ...config, seeds: '{ order: 2, split: 3 }' });
  assert.equal((await trained(folder, '--add-seeds', '0')).names!.length, 2);
});

test('seeds: auto stops when the interval is narrow enough, or there are as many as may be', async () => {
  const folder = path.join(root, 'auto');
  const short = { steps: '2', evaluateEvery: '2', aggregate: '[grain, mean]' };
  const seeds = async (asked: string) => {
    writeRings(folder, { ...short, seeds: asked });
    const { result, names } = await trained(folder);
    assert.equal(names!.length, new Set(names).size);
    return { count: names!.length / 2, notes: result!.verdict.notes.join('\n') };
  };
  const narrow = await seeds('{ until: { difference: 5 }, most: 9 }');
  assert.equal(narrow.count, 8);
  assert.match(narrow.notes, /those of 1 of 2 looks, after 8 and 9 seeds, and hold whenever/);
  assert.equal((await seeds('{ until: { difference: 1e-9 }, most: 9 }')).count, 9);
  assert.equal((await seeds('{ until: { difference: 1e-9 }, most: 9, budget: 1s }')).count, 8);
});

test('seeds: auto goes on with the config that it began with, whatever becomes of the file', async () => {
  const folder = path.join(root, 'edited');
  const short = { steps: '2', evaluateEvery: '2', aggregate: '[grain, mean]' };
  writeRings(folder, { ...short, seeds: '{ until: { difference: 1e-9 }, most: 9 }' });
  const { child, ended } = startGrain(['run', 'grain.yaml', '--json'], folder);
  const store = new RunStore(folder);
  while ((await store.list()).length < 16) {
    assert.equal(child.exitCode, null);
    await setTimeout(20);
  }
  rmSync(path.join(folder, 'grain.yaml'));
  const { status, stderr } = await ended;
  assert.equal(status, 0, stderr);
  const runs = await store.list();
  assert.equal(runs.length, 18);
  assert.equal(new Set(runs.map(({ manifest }) => manifest.fingerprints.config)).size, 1);
});

test('a run that was killed resumes, and ends as if it had not been', async () => {
  const folder = path.join(root, 'killed');
  const config = { steps: '60', checkpointEvery: '5', evaluateEvery: '60', aggregate: '[grain]' };
  writeRings(folder, config);
  const { child, ended } = startGrain(['run', 'grain.yaml'], folder);
  const store = new RunStore(folder);
  for (let step = 0; step < 8; await setTimeout(20)) {
    step = (await store.list())[0]?.step ?? 0;
    assert.equal(child.exitCode, null);
  }
  child.kill('SIGKILL');
  await ended;
  const [killed] = await store.list();
  assert.equal(killed!.status, 'interrupted');
  // An old request to stop, as `grain stop` leaves it.
  await store.requestStop(killed!.manifest.id);
  const { names, stderr } = await trained(folder, '--add-seeds', '1');
  assert.deepEqual(names, ['grain 0/0', 'grain 1/1'], stderr);

  const whole = path.join(root, 'whole');
  writeRings(whole, config);
  await trained(whole);
  const [undisturbed] = await new RunStore(whole).list();
  assert.deepEqual(await outcomeOf(killed!.folder), await outcomeOf(undisturbed!.folder));
  assert.ok(existsSync(path.join(killed!.folder, 'output.log')));
  assert.match(readFileSync(path.join(killed!.folder, 'output.log'), 'utf8'), /finished/);
});

/** 100 in the tests of a night: `KILLS=100`. */
const KILLS = Number(process.env.KILLS ?? 3);

test('killed at random moments, again and again: no run is lost, and none is trained twice', async () => {
  const random = keyedRandom('kills', Number(process.env.FAST_CHECK_SEED ?? 0));
  const config = { steps: '30', checkpointEvery: '5', evaluateEvery: '10', seeds: '[0, 1]' };
  const folder = path.join(root, 'kills');
  writeRings(folder, config);
  const store = new RunStore(folder);
  const start = async () => {
    const more = (await store.list()).length > 0 ? ['--add-seeds', '0'] : [];
    return startGrain(['run', 'grain.yaml', ...more], folder);
  };
  for (let kill = 0; kill < KILLS; kill++) {
    const { child, ended } = await start();
    const runs = (await store.list()).length;
    // From the moment that it may write, for as long as it may take.
    while (child.exitCode === null && (await store.list()).length === 0) await setTimeout(10);
    await setTimeout(uniformInt(random, 0, 3000) + (runs > 0 ? 500 : 0));
    child.kill('SIGKILL');
    await ended;
  }
  const { status, stderr } = await (await start()).ended;
  assert.ok(status === 0 || /nothing to train/.test(stderr), stderr);

  const whole = path.join(root, 'undisturbed');
  writeRings(whole, config);
  await trained(whole);
  const outcomes = async (of: string) => {
    const runs = await new RunStore(of).list();
    assert.ok(runs.every((run) => run.status === 'finished'));
    assert.equal(new Set(runs.map(({ manifest }) => manifest.experiment.id)).size, 1);
    const each = runs.map(async (run) => [nameOf(run.manifest), await outcomeOf(run.folder)]);
    return (await Promise.all(each)).sort();
  };
  assert.deepEqual(await outcomes(folder), await outcomes(whole));
});
