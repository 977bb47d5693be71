import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { probeResultSchema } from '../../src/experiment/probe/result.ts';
import { RunStore } from '../../src/runs/store.ts';
import { grain, startGrain } from './grain.ts';
import { writeRings } from './rings.ts';

let folder: string;
/** Where the processes put temporary files. */
let temporary: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'grain-probes-'));
  temporary = path.join(folder, 'tmp');
  mkdirSync(temporary);
});
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

const probe = (...args: string[]) => grain(['probe', ...args], folder, { TMPDIR: temporary });

function foundIn(stdout: string) {
  const found = probeResultSchema.parse(JSON.parse(stdout));
  assert.ok(!('error' in found), stdout);
  return found;
}

test('a config is probed with its first seeds, and nothing is left behind', async () => {
  writeRings(folder, { steps: '40', seeds: '[3, 1, 4, 5]' });
  const before = readdirSync(folder);
  const { status, stdout, stderr } = await probe('grain.yaml', '--json');
  assert.equal(status, 0, stderr);
  const found = foundIn(stdout);
  assert.deepEqual(
    found.runs.map(({ seed }) => seed.init),
    [1, 3, 4],
  );
  assert.equal(found.figures.steps, 30);
  assert.equal(found.aggregate[0], 'mean');
  assert.ok(found.figures.spread !== null && found.figures.updateConflicts !== null);
  assert.deepEqual([readdirSync(folder), readdirSync(temporary)], [before, []]);
});

test('a run of the mean says the same as a probe of as many steps; other runs are refused', async () => {
  writeRings(folder, { steps: '40', seeds: '[0, 1]' });
  const probed = foundIn((await probe('grain.yaml', '--json')).stdout);
  assert.equal((await grain(['run', 'grain.yaml'], folder)).status, 0);
  const runs = await new RunStore(folder).list();
  const idOf = (aggregator: string) =>
    runs.find(({ manifest }) => manifest.aggregator === aggregator)!.manifest.id;
  const ofRun = await probe(idOf('mean'), '--json');
  assert.equal(ofRun.status, 0, ofRun.stderr);
  assert.deepEqual(foundIn(ofRun.stdout), probed);

  const text = await probe(idOf('mean'));
  assert.match(text.stdout, /^rings: the mean, 2 seeds, 4 groups by microbatch\n\n/);
  assert.match(text.stdout, /\naggregate: \[mean/);

  const refused = await probe(idOf('grain'), '--json');
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /was trained with grain\. Expected a run of the mean/);
  assert.ok('error' in probeResultSchema.parse(JSON.parse(refused.stdout)));
});

test('mistakes are reported as by grain run', async () => {
  writeRings(folder, { groups: '{ by: microbatch, count: 1 }', steps: '5' });
  const alone = await probe('grain.yaml');
  assert.equal(alone.status, 2);
  assert.match(alone.stderr, /no step with the Gram matrix of several groups/);
  writeRings(folder, { data: '{ train: none.csv, validation: rings.csv, target: ring }' });
  const missing = await probe('grain.yaml', '--json');
  assert.equal(missing.status, 2);
  assert.match(missing.stderr, /grain\.yaml:3:\d+: file not found/);
  assert.match(missing.stdout, /"diagnostics"/);
  const unknown = await probe('nosuch');
  assert.equal(unknown.status, 2);
  assert.match(unknown.stderr, /no run matches "nosuch"/);
  assert.deepEqual(readdirSync(temporary), []);
});

test('Ctrl-C ends a probe without an answer, and cleans up', async () => {
  // Slow enough to be interrupted in the middle.
  writeRings(folder, { model: '{ hidden: [512, 512] }', batchSize: '100', seeds: '[0, 1, 2]' });
  const config = readFileSync(path.join(folder, 'grain.yaml'), 'utf8');
  const { child, ended } = startGrain(['probe', 'grain.yaml', '--json'], folder, {
    TMPDIR: temporary,
  });
  let printed = '';
  child.stderr!.on('data', (chunk) => {
    printed += chunk;
  });
  while (!printed.includes('step 0') && child.exitCode === null) await sleep(20);
  child.kill('SIGINT');
  const { status, stdout } = await ended;
  assert.deepEqual([status, stdout], [130, '']);
  assert.deepEqual(readdirSync(temporary), []);
  assert.equal(existsSync(path.join(folder, '.grain')), false);
  assert.equal(readFileSync(path.join(folder, 'grain.yaml'), 'utf8'), config);
});
