import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { EntryWithSettings } from '../../../../src/config/aggregation.ts';
import { openSafetensors } from '../../../../src/hub/safetensors/safetensors.ts';
import type { Trainer } from '../../../../src/training/trainer.ts';
import { writeTinyBert } from '../tinyCheckpoint.ts';
import { trainerOf } from '../trainerOf.ts';

const config = (optimizer: string) => `
model: { from: ./bert, dropout: 0 }
data: { train: texts.csv, validation: texts.csv, text: words, target: label }
optimizer: ${optimizer}
groups: { count: 2 }
batchSize: 8
steps: 8
device: cpu`;
const SGD = config('{ name: sgd, learningRate: 0.5, weightDecay: 0.1 }');
const ADAMW = config('{ learningRate: 0.001, weightDecay: 0 }');

const withHead = (name: 'mean' | 'grain-layerwise', until: number): EntryWithSettings => ({
  ...{ name, metric: 'euclidean', smoothing: 0 },
  techniques: { headFirst: { until } },
});

let folder: string;
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'grain-head-'));
  await writeTinyBert(path.join(folder, 'bert'));
  const rows = Array.from({ length: 16 }, (_, i) => `w${i} w${(3 * i) % 20},${'ab'[i % 2]}`);
  writeFileSync(path.join(folder, 'texts.csv'), ['words,label', ...rows].join('\n'));
});
after(() => rmSync(folder, { recursive: true }));

let saved = 0;
/** All parameters, by name. */
async function weightsOf(trainer: Trainer): Promise<Map<string, Float32Array>> {
  const to = path.join(folder, `saved${saved++}`);
  const name = await trainer.save(to, { step: 0, bestMetric: null }, { best: false });
  const tensors = await openSafetensors(path.join(to, name));
  const weights = new Map<string, Float32Array>();
  for (const tensor of tensors.names) weights.set(tensor, await tensors.read(tensor));
  await tensors.close();
  return weights;
}

const isHead = (name: string) => name.startsWith('classifier.');

test('the head moves as in a usual step, the rest not at all; then both do', async () => {
  const usual = await trainerOf(folder, SGD, 'mean');
  const staged = await trainerOf(folder, SGD, withHead('mean', 0.25));
  const before = await weightsOf(usual.trainer);
  await usual.trainer.step(1);
  const { facts } = await staged.trainer.step(1);
  const [expected, first] = [await weightsOf(usual.trainer), await weightsOf(staged.trainer)];
  for (const [name, values] of first) {
    assert.deepEqual(values, (isHead(name) ? expected : before).get(name), name);
    if (isHead(name)) assert.notDeepEqual(values, before.get(name), name);
  }
  // The Gram matrix is that of the head: ‖½(g₁ + g₂)‖² of what moved it, without the decay.
  const [own, both, other] = facts.gram!;
  let moved = 0;
  for (const [name, values] of [...first].filter(([name]) => isHead(name))) {
    const start = before.get(name)!;
    for (const [i, value] of values.entries()) {
      moved += ((start[i]! - value) / 0.5 - 0.1 * start[i]!) ** 2;
    }
  }
  assert.ok(Math.abs((own! + 2 * both! + other!) / 4 / moved - 1) < 1e-4);
  await staged.trainer.step(2);
  await staged.trainer.step(3);
  const third = await weightsOf(staged.trainer);
  const still = [...third].filter(([name, values]) =>
    values.every((it, i) => it === before.get(name)![i]),
  );
  assert.deepEqual(
    still.map(([name]) => name),
    [],
  );
  await usual.close();
  await staged.close();
});

test('the second stage begins with a new optimizer: its first step is that of AdamW, by the sign', async () => {
  const { trainer, close } = await trainerOf(folder, ADAMW, withHead('mean', 0.25));
  for (const step of [1, 2]) await trainer.step(step);
  const before = await weightsOf(trainer);
  await trainer.step(3);
  for (const [name, values] of await weightsOf(trainer)) {
    // Attention does not depend on the bias of its keys.
    if (name.endsWith('key.bias')) continue;
    const most = values.reduce(
      (max, it, i) => Math.max(max, Math.abs(it - before.get(name)![i]!)),
      0,
    );
    assert.ok(Math.abs(most - 0.001) < 1e-5, `${name}: ${most}`);
  }
  await close();
});

test('a run resumes to the bit within each stage, at their border, and block by block', async () => {
  const entry = withHead('grain-layerwise', 0.5);
  const run = await trainerOf(folder, ADAMW, entry);
  const losses: unknown[] = [];
  for (let step = 1; step <= 8; step++) {
    losses.push((await run.trainer.step(step)).facts.losses);
    const to = path.join(folder, `after${step}`);
    await run.trainer.save(to, { step, bestMetric: null }, { best: false });
  }
  for (const from of [2, 4, 6]) {
    const resumed = await trainerOf(folder, ADAMW, entry);
    await resumed.trainer.load(path.join(folder, `after${from}`));
    for (let step = from + 1; step <= 8; step++) {
      const { facts } = await resumed.trainer.step(step);
      assert.deepEqual(facts.losses, losses[step - 1], `from ${from}, step ${step}`);
    }
    await resumed.close();
  }
  await run.close();
});
