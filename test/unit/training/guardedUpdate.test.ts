import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import type { AggregateEntry } from '../../../src/config/aggregation.ts';
import { unpackGram } from '../../../src/engine/gram.ts';
import type { StepEvent } from '../../../src/runs/events.ts';
import { ringsOf } from '../../integration/rings.ts';
import { trainerOf } from './trainerOf.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-guard-'));
writeFileSync(path.join(folder, 'rings.csv'), ringsOf(60));
after(() => rmSync(folder, { recursive: true }));

const STEPS = 420;
const optimizers = {
  sgd: '{ name: sgd, learningRate: 0.5 }',
  'sgd with momentum and decay':
    '{ name: sgd, learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 }',
  adamw: '{ name: adamw, learningRate: 0.01 }',
  'adamw with decay and a schedule':
    '{ name: adamw, learningRate: 0.02, weightDecay: 0.1, warmup: 0.1, decay: cosine }',
};

async function factsOfRun(
  entry: AggregateEntry,
  optimizer: string,
  device: string,
): Promise<Omit<StepEvent, 'kind' | 'at'>[]> {
  const config = `model: { hidden: [8] }
data: { train: rings.csv, validation: rings.csv, target: ring }
groups: { count: 6 }
optimizer: ${optimizer}
batchSize: 24
steps: ${STEPS}
device: ${device}`;
  const { trainer, close } = await trainerOf(folder, config, entry);
  try {
    const all = [];
    for (let step = 1; step <= STEPS; step++) all.push((await trainer.step(step)).facts);
    return all;
  } finally {
    await close();
  }
}

/** Groups that a step's actual update makes worse, by more than float32 loses of the parameters. */
function conflictsOf(
  { groups, gram, update, guard }: Omit<StepEvent, 'kind' | 'at'>,
  slack = 0,
): number[] {
  const k = groups.length;
  const products = unpackGram(gram!, k);
  // An allowance is a share of what the optimizer proposed.
  const length = Math.sqrt((guard?.proposed ?? update!).norm2!);
  return groups.flatMap((_, i) => {
    const norm = Math.sqrt(products[i * k + i]!);
    const rounding = update!.rounding! * norm;
    return update!.inner[i]! < -slack * length * norm - rounding ? [i] : [];
  });
}

describe('a guarded update', () => {
  let steps = 0;
  let corrected = 0;
  for (const device of ['cpu', 'wasm']) {
    for (const [title, optimizer] of Object.entries(optimizers)) {
      for (const name of ['mean', 'grain', 'upgrad'] as const) {
        test(`of ${name} conflicts with no group: ${title}, ${device}`, async () => {
          const entry = { name, metric: 'euclidean', smoothing: 0, guard: true } as const;
          for (const facts of await factsOfRun(entry, optimizer, device)) {
            steps++;
            if (facts.guard) corrected++;
            assert.deepEqual(conflictsOf(facts), [], `step ${facts.step}`);
          }
        });
      }
    }
  }

  test('in 10,000 steps, of which it corrected many', () => {
    assert.ok(steps >= 10_000);
    assert.ok(corrected > 0.1 * steps && corrected < steps, `${corrected} of ${steps}`);
  });

  test('is bit for bit the optimizer’s until the first conflict', async () => {
    const guarded = await factsOfRun(
      { name: 'mean', metric: 'euclidean', smoothing: 0, guard: true },
      optimizers.adamw,
      'cpu',
    );
    const plain = await factsOfRun('mean', optimizers.adamw, 'cpu');
    const first = guarded.findIndex(({ guard }) => guard);
    assert.ok(first > 0);
    for (let i = 0; i < first; i++) assert.deepEqual(guarded[i]!.update, plain[i]!.update);
    const { rounding, ...proposed } = plain[first]!.update!;
    assert.ok(rounding! > 0);
    assert.deepEqual(guarded[first]!.guard!.proposed, proposed);
    assert.ok(plain.some((facts) => conflictsOf(facts).length > 0));
  });

  test('with an allowance may cost a group that share, and corrects less', async () => {
    const entry = { name: 'mean', metric: 'euclidean', smoothing: 0 } as const;
    const strict = await factsOfRun({ ...entry, guard: true }, optimizers.adamw, 'cpu');
    const relaxed = await factsOfRun({ ...entry, guard: 0.2 }, optimizers.adamw, 'cpu');
    for (const facts of relaxed) assert.deepEqual(conflictsOf(facts, 0.2), []);
    const count = (all: typeof strict) => all.filter(({ guard }) => guard).length;
    assert.ok(count(relaxed) < count(strict));
  });

  test('that leaves nothing of the step is logged', async () => {
    // Two examples that contradict each other, a group each: what improves one makes the other worse.
    writeFileSync(path.join(folder, 'contradiction.csv'), 'x,y\n1,1\n1,-1\n');
    const config = `task: regression
model: { hidden: [] }
data: { train: contradiction.csv, validation: contradiction.csv, target: y }
groups: { count: 2 }
optimizer: { name: sgd, learningRate: 0.1, momentum: 0.5 }
batchSize: 2
steps: 40
device: cpu`;
    const entry = { name: 'mean', metric: 'euclidean', smoothing: 0 } as const;
    const stallsWith = async (guard: boolean | number) => {
      const { trainer, close } = await trainerOf(folder, config, { ...entry, guard });
      let stalls = 0;
      for (let step = 1; step <= 40; step++) {
        if ((await trainer.step(step)).facts.guard?.stalled) stalls++;
      }
      await close();
      return stalls;
    };
    assert.ok((await stallsWith(true)) > 0);
    assert.equal(await stallsWith(0.5), 0);
    assert.equal(await stallsWith(false), 0);
  });
});
