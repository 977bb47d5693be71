import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { type TechniqueName, techniques } from '../../../src/config/techniques/registry.ts';
import { aggregators } from '../../../src/engine/aggregators/registry.ts';
import type { AggregatorName } from '../../../src/engine/types.ts';
import { closeSession, type Session } from '../../../src/training/session.ts';
import { writeTinyBert } from './tinyCheckpoint.ts';
import { sessionOf, trainerIn } from './trainerOf.ts';

/** @param model its settings @param data their columns */
const configOf = (model: string, data: string) => `
model: ${model}
data: { train: rows.csv, validation: rows.csv, target: label, ${data} }
optimizer: { name: sgd, learningRate: 0.1 }
groups: { count: 2 }
batchSize: 4
steps: 4
device: cpu`;

/** Those that are for transformers; TSAM, which takes its gradients together, is for both. */
const OF_TRANSFORMERS: readonly TechniqueName[] = [
  ...(['rDrop', 'noisyTune', 'headFirst', 'mixout', 'curriculum'] as const),
];
/** Trained in test/integration/torch/parity.test.ts. */
const ON_TORCH_ALONE: readonly TechniqueName[] = ['lnsr'];
const PARAMETERS: Partial<Record<TechniqueName, Record<string, number>>> = {
  classWeights: { a: 2 },
};

let folder: string;
let points: Session;
let texts: Session;
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'grain-techniques-'));
  await writeTinyBert(path.join(folder, 'bert'));
  const rows = Array.from(
    { length: 16 },
    (_, i) => `${i / 8 - 1},${(i % 5) / 5},w${i} w${(3 * i) % 20},${'ab'[i % 2]}`,
  );
  writeFileSync(path.join(folder, 'rows.csv'), ['x,z,words,label', ...rows].join('\n'));
  points = await sessionOf(folder, configOf('{ hidden: [3] }', 'features: [x, z]'));
  texts = await sessionOf(folder, configOf('{ from: ./bert, dropout: 0.1 }', 'text: words'));
});
after(async () => {
  await closeSession(points);
  await closeSession(texts);
  rmSync(folder, { recursive: true });
});

for (const name of Object.keys(techniques) as TechniqueName[]) {
  if (ON_TORCH_ALONE.includes(name)) continue;
  test(`${name} composes with every aggregator, and leaves no tensor`, async () => {
    if (!OF_TRANSFORMERS.includes(name)) await steps(points, name);
    if (OF_TRANSFORMERS.includes(name) || name === 'tsam') await steps(texts, name);
  });
}

async function steps(session: Session, name: TechniqueName): Promise<void> {
  const { parameters = {} }: { parameters?: Record<string, { default: number }> } =
    techniques[name];
  const defaults = Object.fromEntries(
    Object.entries(parameters).map(([key, parameter]) => [key, parameter.default]),
  );
  for (const aggregator of Object.keys(aggregators) as AggregatorName[]) {
    const before = tf.memory().numTensors;
    const trainer = await trainerIn(session, {
      ...{ name: aggregator, metric: 'euclidean', smoothing: 0 },
      techniques: { [name]: PARAMETERS[name] ?? defaults },
    });
    for (const step of [1, 2]) {
      const { facts } = await trainer.step(step);
      assert.ok(facts.losses.every(Number.isFinite), `${aggregator}, step ${step}`);
    }
    trainer.dispose();
    assert.equal(tf.memory().numTensors, before, aggregator);
  }
}
