import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { launchResultSchema, type Outcome } from '../../src/experiment/launchResult.ts';
import { runFile } from '../../src/runs/grainFolder.ts';
import { RunStore } from '../../src/runs/store.ts';
import { readEvents } from '../../src/runs/tail.ts';
import { grain } from './grain.ts';
import { ringsOf, writeRings } from './rings.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'grain-alarms-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

const exploding = {
  optimizer: '{ name: adamw, learningRate: 100 }',
  aggregate: '[mean]',
  steps: '40',
  evaluateEvery: '20',
  checkpointEvery: '20',
};

function outcomesOf(stdout: string): readonly Outcome[] {
  const result = launchResultSchema.parse(JSON.parse(stdout));
  assert.ok('runs' in result);
  return result.runs;
}

const rulesOf = ({ alarms }: Pick<Outcome, 'alarms'>) => alarms.map(({ rule }) => rule);

test('a run that explodes says so everywhere, though it finishes', async () => {
  writeRings(folder, exploding);
  const { status, stdout, stderr } = await grain(['run', 'grain.yaml'], folder);
  assert.equal(status, 0);
  assert.match(stderr, /step \d: alarm \(exploding-loss\): The loss is /);
  assert.match(
    stdout,
    /mean-seed0 finished, with an alarm \(exploding-loss\): step \d: The loss is/,
  );

  const [run] = await new RunStore(folder).list();
  const events = await readEvents(run!.folder);
  const at = events.findIndex((event) => event.kind === 'alarm' && event.rule === 'exploding-loss');
  assert.deepEqual(
    [events[at - 1]?.kind, events[at]?.kind === 'alarm' && events[at].step],
    ['step', run!.alarms[0]!.step],
    'it follows the step that raised it',
  );
  assert.match(readFileSync(runFile(run!.folder, 'output'), 'utf8'), /alarm \(exploding-loss\)/);

  const runs = await grain(['runs'], folder);
  assert.match(runs.stdout, /finished, with (an alarm|\d alarms) \(.*exploding-loss/);
  const shown = await grain(['show', run!.manifest.id], folder);
  assert.match(shown.stdout, /ALARM +step \d: The loss is .*\(exploding-loss\)/);
  const json = await grain(['show', run!.manifest.id, '--json'], folder);
  assert.ok(rulesOf(JSON.parse(json.stdout)).includes('exploding-loss'));
});

test('an alarm stops a run if the config says so; resumed, it goes on and repeats none', async () => {
  writeRings(folder, { ...exploding, alarms: '{ stop: [exploding-loss] }' });
  const stopped = await grain(['run', 'grain.yaml', '--json'], folder);
  assert.equal(stopped.status, 130);
  const [run] = outcomesOf(stopped.stdout);
  assert.equal(run!.status, 'stopped');
  assert.ok(run!.step < 10, String(run!.step));
  const resumed = await grain(['run', '--resume', run!.id, '--json'], folder);
  assert.equal(resumed.status, 0, resumed.stderr);
  const [ended] = outcomesOf(resumed.stdout);
  assert.equal(ended!.step, 40);
  assert.equal(rulesOf(ended!).filter((rule) => rule === 'exploding-loss').length, 1);
});

test('a rule that is off raises nothing', async () => {
  writeRings(folder, { ...exploding, alarms: '{ off: [exploding-loss, loss-spike] }' });
  const { stdout } = await grain(['run', 'grain.yaml', '--json'], folder);
  const [run] = outcomesOf(stdout);
  assert.ok(!rulesOf(run!).includes('exploding-loss'), String(rulesOf(run!)));
});

test('the shortest vector with groups by label stalls; the mean does not', async () => {
  writeRings(folder, {
    groups: '{ by: label }',
    aggregate: '[grain, mean]',
    optimizer: '{ name: adamw, learningRate: 0.01 }',
    batchSize: '30',
    steps: '200',
  });
  writeFileSync(path.join(folder, 'rings.csv'), withFarPoints(ringsOf(120)));
  const { stdout, stderr } = await grain(['run', 'grain.yaml', '--json'], folder);
  const [collapsed, healthy] = outcomesOf(stdout);
  assert.ok(rulesOf(collapsed!).includes('stalled-direction'), stderr);
  const stall = collapsed!.alarms.find(({ rule }) => rule === 'stalled-direction')!;
  assert.match(
    stall.message,
    /group \w+ decides it with a weight of .* stays high\. Aggregate with grain-normalized/,
  );
  assert.deepEqual(rulesOf(healthy!), []);
});

/** With a third class that is far from the rings: its gradients are much longer. */
function withFarPoints(csv: string): string {
  const far = Array.from({ length: 60 }, (_, i) => `${20 + (i % 5)},${20 + (i % 7)},far\n`);
  return csv + far.join('');
}
