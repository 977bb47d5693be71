import assert from 'node:assert/strict';
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchResultSchema } from '../../src/experiment/launchResult.ts';
import type { Loading } from '../../src/runs/loading.ts';
import { RunStore } from '../../src/runs/store.ts';
import { readEvents } from '../../src/runs/tail.ts';
import { grainScript } from '../built.ts';
import { manifestOf } from '../unit/runs/manifest.ts';
import { grain, startGrain } from './grain.ts';
import { writeRings } from './rings.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'grain-launch-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

const store = () => new RunStore(folder);

async function statuses(): Promise<string[]> {
  return (await store().list()).map(({ status }) => status);
}

test('invalid overrides are errors of the command line, and nothing is written', async () => {
  writeRings(folder);
  for (const [options, says] of [
    [['--seed', '1', '1'], /'1' is invalid\. 1 is given twice\. Expected each value once/],
    [['--seed', '2147483648'], /Expected a whole number from 0 to 2147483647/],
    [['--aggregate', 'grain', 'grain'], /grain is given twice/],
    [['--checkpointing'], /--checkpointing requires --resume/],
    [['--from', 'best'], /--from requires --resume/],
    [['--from', 'first'], /Allowed choices are last, best/],
    [['--aggregate', 'grian'], /Expected one of grain, mean/],
  ] as const) {
    const { status, stdout, stderr } = await grain(['run', 'grain.yaml', ...options], folder);
    assert.deepEqual([status, stdout], [2, ''], options.join(' '));
    assert.match(stderr, says);
  }
  assert.equal(existsSync(path.join(folder, '.grain')), false);
});

test('a command runs at the end and is told how it came out; one that fails changes nothing', async () => {
  writeRings(folder, { steps: '5' });
  const tell = 'echo "told: $GRAIN_EXPERIMENT $GRAIN_STATUS, $GRAIN_FIGURES"; exit 3';
  const args = ['run', 'grain.yaml', '--seed', '0', '--json', '--on-end', tell];
  const { status, stdout, stderr } = await grain(args, folder);
  assert.equal(status, 0, stderr);
  assert.ok('runs' in launchResultSchema.parse(JSON.parse(stdout)));
  assert.match(stderr, /^told: rings finished, grain 0\.\d+/m);
  assert.match(stderr, /^--on-end: the command ended with status 3$/m);
});

test('epochs make steps, and a run that stops improving ends early, as finished, with its predictions', async () => {
  writeRings(folder, {
    ...{ aggregate: '[mean]', epochs: '40', batchSize: '16', evaluateEvery: '2' },
    // Nothing improves accuracy by 2: the run ends as soon as its patience does.
    earlyStopping: '{ patience: 3, minDelta: 2 }',
  });
  const { status, stdout, stderr } = await grain(['run', 'grain.yaml', '--json'], folder);
  assert.equal(status, 0, stderr);
  const result = launchResultSchema.parse(JSON.parse(stdout));
  assert.ok('runs' in result);
  const [run] = result.runs;
  assert.deepEqual([run?.status, run?.step], ['finished', 6]);
  const [summary] = await store().list();
  assert.equal(summary?.manifest.steps, (40 * 120) / 16);
  const events = await readEvents(run!.folder);
  const reasons = events.filter((event) => event.kind === 'warning' && event.step === 6);
  assert.match(JSON.stringify(reasons), /Stopped early: in 3 validations accuracy/);
  assert.ok(existsSync(path.join(run!.folder, 'predictions.jsonl')));
  const short = await grain(['run', 'grain.yaml', '--steps', '2', '--json'], folder);
  assert.match(short.stdout, /"step": 2/);
});

test('a finished run is trained on, and becomes the run that as many steps would have been', async () => {
  writeRings(folder, { aggregate: '[grain]', steps: '6', evaluateEvery: '2' });
  const first = await grain(['run', 'grain.yaml', '--json'], folder);
  const [{ id }] = (JSON.parse(first.stdout) as { runs: [{ id: string }] }).runs;
  const listing = store();
  assert.equal((await listing.list())[0]?.status, 'finished');
  const short = await grain(['run', '--resume', id, '--steps', '6'], folder);
  assert.match(short.stderr, /has 6 steps\. Expected more of them with --steps/);
  const { status, stderr } = await grain(['run', '--resume', id, '--steps', '10'], folder);
  assert.equal(status, 0, stderr);
  const [extended] = await listing.list();
  assert.deepEqual([extended?.status, extended?.step], ['finished', 10]);
  assert.equal(extended?.manifest.steps, 10, 'in a store that knew the run');
  const other = mkdtempSync(path.join(tmpdir(), 'grain-whole-'));
  try {
    writeRings(other, { aggregate: '[grain]', steps: '10', evaluateEvery: '2' });
    await grain(['run', 'grain.yaml', '--json'], other);
    const [whole] = await new RunStore(other).list();
    const facts = async (run: string) =>
      (await readEvents(run)).flatMap((event) =>
        event.kind === 'step' ? [[event.step, event.losses, event.weights]] : [],
      );
    assert.deepEqual(await facts(extended!.folder), await facts(whole!.folder));
    assert.deepEqual(extended?.lastMetric, whole?.lastMetric);
  } finally {
    rmSync(other, { recursive: true, force: true });
  }
});

test('the manifest has the commit that the config is at, and whether files were changed since', async () => {
  writeRings(folder, { aggregate: '[mean]', steps: '1' });
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: folder });
  const runAgain = async () => {
    const { stdout } = await grain(['run', 'grain.yaml', '--json'], folder);
    const [run] = (JSON.parse(stdout) as { runs: { id: string }[] }).runs;
    const all = await store().list();
    return all.find(({ manifest }) => manifest.id === run?.id)?.manifest.git;
  };
  assert.equal(await runAgain(), undefined, 'outside a repository');
  git('init', '-q');
  git('add', 'grain.yaml', 'rings.csv');
  git('commit', '-q', '-m', 'Begin');
  const commit = git('rev-parse', 'HEAD').toString().trim();
  assert.deepEqual(await runAgain(), { commit, dirty: false });
  writeRings(folder, { aggregate: '[mean]', steps: '2' });
  assert.deepEqual(await runAgain(), { commit, dirty: true });
});

test('a warning of the config is printed, reported and in the log of the runs it is about', async () => {
  writeRings(folder, { groups: '{ by: label }', steps: '1' });
  const { status, stdout, stderr } = await grain(['run', 'grain.yaml', '--json'], folder);
  assert.equal(status, 0, stderr);
  assert.match(stderr, /^grain\.yaml:5:13: warning: with groups by class, the class/m);
  const result = launchResultSchema.parse(JSON.parse(stdout));
  assert.ok('runs' in result);
  assert.deepEqual(
    result.warnings.map(({ severity, line, column }) => [severity, line, column]),
    [
      ['warning', 5, 13],
      // The rings are validated on what they are trained on.
      ['warning', 3, 39],
    ],
  );
  for (const { aggregator, folder: of } of result.runs) {
    const logged = (await readEvents(of)).filter((event) => event.kind === 'warning');
    const harms = logged.filter(({ message }) => /stalls grain/.test(message));
    assert.equal(harms.length, aggregator === 'grain' ? 1 : 0, aggregator);
    for (const { step, message } of harms) {
      assert.equal(step, 0);
      assert.match(message, /docs\/guarantee\.md\)\. Better: grain-normalized/);
    }
  }
});

test('if runs cannot be written, the process ends and says why', async () => {
  writeRings(folder);
  writeFileSync(path.join(folder, 'taken'), 'a file, where a folder should be');
  const args = ['run', 'grain.yaml', '--out', 'taken', '--json'];
  const { child, ended } = startGrain(args, folder);
  const { status, stdout, stderr } = await Promise.race([
    ended,
    sleep(30_000, undefined, { ref: false }).then(() => {
      child.kill('SIGKILL');
      throw new Error('the process hangs');
    }),
  ]);
  assert.equal(status, 1);
  assert.match(stderr, /error: .+taken is a file\. Expected a folder for runs/);
  const result = launchResultSchema.parse(JSON.parse(stdout));
  assert.match('error' in result ? result.error.message : '', /is a file/);
});

test('a program that starts grain receives what is being loaded, and may exit', async () => {
  writeRings(folder, { steps: '2' });
  const start = () =>
    fork(grainScript, ['run', 'grain.yaml', '--progress', 'ipc'], {
      cwd: folder,
      silent: true,
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
  const child = start();
  const messages: { loading: Loading }[] = [];
  child.on('message', (message) => messages.push(message as { loading: Loading }));
  const [status] = await once(child, 'exit');
  assert.equal(status, 0);
  assert.deepEqual(
    [...new Set(messages.map(({ loading }) => loading.what))],
    ['reading data', 'loading the model'],
  );
  const { bytes } = messages[0]!.loading;
  assert.ok(bytes && 0 < bytes.done && bytes.done <= bytes.total);
  assert.equal(messages.at(-1)!.loading.bytes, null);

  const abandoned = start();
  abandoned.disconnect();
  const [ended] = await once(abandoned, 'exit');
  assert.equal(ended, 0);
});

test('folders in place of a config or its data are errors with a position', async () => {
  mkdirSync(path.join(folder, 'data.csv'));
  writeRings(folder, { data: '{ train: data.csv, validation: rings.csv, target: ring }' });
  const config = await grain(['run', 'data.csv'], folder);
  assert.equal(config.status, 2);
  assert.match(config.stderr, /^data\.csv:1:1: this is a folder, not a file\. Expected/);
  const data = await grain(['run', 'grain.yaml'], folder);
  assert.equal(data.status, 2);
  assert.match(
    data.stderr,
    /^grain\.yaml:3:16: data\.csv is a folder, not a file\. Expected the path of a file/,
  );
});

test('what cannot be resumed', async () => {
  writeRings(folder, { steps: '2' });
  assert.equal((await grain(['run', 'grain.yaml'], folder)).status, 0);
  const [finished] = readdirSync(path.join(folder, '.grain', 'runs'));
  const { manifest } = (await store().list())[0]!;
  store().create({ ...manifest, id: 'unfinished' });
  for (const [args, expected, says] of [
    [['circles'], 2, /no run matches "circles"/],
    [['rings'], 2, /"rings" matches several runs:\n {2}rings-.*\n {2}rings-/],
    [[finished!], 1, /nothing to resume: .* is finished/],
    [[finished!, '--steps', '2'], 1, /has 2 steps\. Expected more of them/],
    [[finished!, '--seed', '0'], 2, /--seed cannot be combined with --resume/],
    [['unfinished', '--checkpointing'], 1, /checkpointing is for transformers/],
  ] as const) {
    const { status, stdout, stderr } = await grain(['run', '--resume', ...args], folder);
    assert.deepEqual([status, stdout], [expected, ''], args.join(' '));
    assert.match(stderr, says);
  }
});

test('a run of another trainer is listed, but not resumed', async () => {
  store().create(manifestOf('theirs', { aggregator: 'pcgrad' }));
  const { status, stderr } = await grain(['run', '--resume', 'theirs'], folder);
  assert.equal(status, 1);
  assert.match(stderr, /error: theirs was written by another trainer/);
  assert.deepEqual(await statuses(), ['interrupted'], 'it is given up again');
});

test('of the runs of a launch, the stopped one can be resumed at once, and those to be resumed be stopped', async () => {
  writeRings(folder, { steps: '1000000', evaluateEvery: '1000000', model: '{ hidden: [48, 48] }' });
  const until = async (wanted: readonly string[]) => {
    for (;;) {
      const now = await statuses();
      if (wanted.every((status, i) => now[i] === status)) return;
      assert.ok(training.child.exitCode === null, now.join(', '));
      await sleep(20);
    }
  };
  let training = startGrain(['run', 'grain.yaml'], folder);
  await until(['running', 'queued']);
  const [first] = await store().list();
  const { id, experiment } = first!.manifest;
  assert.equal((await grain(['stop', id, '--wait'], folder)).status, 0);
  await until(['stopped', 'running']);

  // From a folder below, too.
  mkdirSync(path.join(folder, 'below'));
  const resumed = startGrain(['run', '--resume', id], path.join(folder, 'below'));
  await until(['running', 'running']);
  assert.equal((await grain(['stop', experiment.id, '--wait'], folder)).status, 0);
  assert.deepEqual(
    (await Promise.all([training.ended, resumed.ended])).map(({ status }) => status),
    [130, 130],
  );
  assert.deepEqual(await statuses(), ['stopped', 'stopped']);

  training = startGrain(['run', '--resume', experiment.id], folder);
  await until(['running', 'queued']);
  const stopped = await grain(['stop', experiment.id, '--wait', '--json'], folder);
  assert.equal(JSON.parse(stopped.stdout).runs.length, 2, 'the one that waited as well');
  assert.equal((await training.ended).status, 130);
});
