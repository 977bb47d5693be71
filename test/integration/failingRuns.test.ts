import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { launchFresh } from '../../src/experiment/launch.ts';
import { trainRuns } from '../../src/experiment/trainRuns.ts';
import type { RunAlarm } from '../../src/runs/alarms.ts';
import { EventWriter } from '../../src/runs/eventWriter.ts';
import { RunStore } from '../../src/runs/store.ts';
import type { TrainingRun } from '../../src/training/trainingLoop.ts';
import { ringsOf, writeRings } from './rings.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'grain-failing-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

/**
 * Trains one run in this process: what matters is the log.
 *
 * @param train the training data, as CSV
 * @param before called with the runs of all seeds before the first is trained
 */
async function alarmsOf(
  config: Readonly<Record<string, string>>,
  train = ringsOf(120),
  before: (runs: readonly TrainingRun[]) => void = () => {},
): Promise<readonly RunAlarm[]> {
  writeRings(folder, {
    aggregate: '[mean]',
    data: '{ train: train.csv, validation: rings.csv, target: ring }',
    optimizer: '{ name: adamw, learningRate: 0.01 }',
    steps: '120',
    evaluateEvery: '40',
    ...config,
  });
  writeFileSync(path.join(folder, 'train.csv'), train);
  const { trainer, runs, owned } = await launchFresh(
    path.join(folder, 'grain.yaml'),
    {},
    folder,
    () => {},
  );
  try {
    before(runs);
    await trainRuns(trainer, runs.slice(0, 1), {
      onEvent: () => {},
      owned,
      isInterrupted: () => false,
    });
  } finally {
    owned.releaseAll();
    await trainer.close();
  }
  const trained = (await new RunStore(folder).list()).find(
    ({ folder }) => folder === runs[0]!.folder,
  );
  return trained!.alarms;
}

const rulesOf = (alarms: readonly RunAlarm[]) => alarms.map(({ rule }) => rule);

test('nothing is wrong', async () => {
  assert.deepEqual(rulesOf(await alarmsOf({})), []);
});

test('inputs that are all but zero: constant predictions', async () => {
  const data = '{ train: train.csv, validation: rings.csv, target: ring, scale: 1e9 }';
  assert.deepEqual(rulesOf(await alarmsOf({ data })), ['constant-predictions']);
});

test('labels that are swapped in the validation data: below the majority', async () => {
  const swap = { inner: 'outer', outer: 'inner' } as const;
  const swapped = ringsOf(120).replaceAll(
    /inner|outer/g,
    (ring) => swap[ring as keyof typeof swap],
  );
  assert.ok(rulesOf(await alarmsOf({}, swapped)).includes('below-majority'));
});

test('a class of one example, by label', async () => {
  const alarms = await alarmsOf(
    { groups: '{ by: label }', aggregate: '[grain-normalized]', batchSize: '121' },
    `${ringsOf(120)}9,9,typo\n`,
  );
  assert.match(
    alarms.find(({ rule }) => rule === 'few-examples')?.message ?? '',
    /Group typo has 1 /,
  );
});

test('one example that is far too large: a spike each time it is seen', async () => {
  const lines = ringsOf(600).split('\n');
  lines[1] = '1500,-1500,inner';
  const rules = rulesOf(
    await alarmsOf({ batchSize: '20', evaluateEvery: '120' }, lines.join('\n')),
  );
  assert.ok(rules.includes('loss-spike'), String(rules));
});

test('units that die while the loss is that of a guess: the gradient vanishes', async () => {
  const rules = rulesOf(
    await alarmsOf({
      model: '{ hidden: [16, 16, 16] }',
      optimizer: '{ name: sgd, learningRate: 3, momentum: 0.9 }',
    }),
  );
  assert.ok(rules.includes('vanishing-gradients'), String(rules));
});

test('a seed that learns nothing where three others did is apart from them', async () => {
  const alarms = await alarmsOf(
    { optimizer: '{ name: sgd, learningRate: 1e-9 }', seeds: '[0, 1, 2, 3]' },
    undefined,
    (runs) => {
      for (const { folder } of runs.slice(1)) {
        const log = EventWriter.open(folder);
        log.append({ kind: 'start', at: 1, pid: 1, fromStep: 0 });
        log.append({ kind: 'validation', at: 1, step: 0, metrics: { accuracy: 0.5 } });
        log.append({ kind: 'validation', at: 1, step: 120, metrics: { accuracy: 0.98 } });
        log.append({ kind: 'end', at: 1, step: 120, status: 'finished' });
        log.close();
      }
    },
  );
  assert.ok(rulesOf(alarms).includes('seed-apart'), String(rulesOf(alarms)));
});

test('sources that contradict each other, guarded: the guard stalls', async () => {
  writeFileSync(path.join(folder, 'pairs.csv'), 'x,y\n1,1\n1,-1\n');
  const alarms = await alarmsOf({
    task: 'regression',
    model: '{ hidden: [] }',
    data: '{ train: pairs.csv, validation: pairs.csv, target: y }',
    groups: '{ count: 2 }',
    aggregate: '[{ name: mean, guard: true }]',
    optimizer: '{ name: sgd, learningRate: 0.1, momentum: 0.5 }',
    batchSize: '2',
  });
  assert.ok(rulesOf(alarms).includes('guard-stalled'), String(rulesOf(alarms)));
});
