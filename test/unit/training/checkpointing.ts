/** A tiny training that can be repeated; run as a program it saves a checkpoint after every step until it is killed. */
import * as tf from '@tensorflow/tfjs-core';
import { openDevice } from '../../../src/backends/device.ts';
import { lossOf } from '../../../src/nn/module/loss.ts';
import { buildModel } from '../../../src/nn/small/build.ts';
import { groupGradient, type TrainableNetwork } from '../../../src/nn/small/trainableNetwork.ts';
import {
  type CheckpointParts,
  loadCheckpoint,
  saveCheckpoint,
} from '../../../src/training/checkpoints.ts';
import { buildOptimizer } from '../../../src/training/optimizers/fromConfig.ts';
import type { Optimizer } from '../../../src/training/optimizers/optimizer.ts';
import { readOptimizer, writeOptimizer } from '../../../src/training/optimizers/state.ts';

export interface Trained extends CheckpointParts {
  readonly model: TrainableNetwork;
  readonly optimizer: Optimizer;
}

export async function trained(
  name: 'sgd' | 'adamw',
  seed: number,
  hidden: readonly number[] = [5],
): Promise<Trained> {
  const shape = { input: [4], outputs: 1 };
  const model = await buildModel({ architecture: 'mlp', hidden }, shape, seed, '.');
  const optimizer = buildOptimizer({
    name,
    momentum: 0.9,
    weightDecay: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
  });
  return {
    model,
    optimizer,
    write: async (folder) => {
      await model.save(folder);
      await writeOptimizer(folder, await optimizer.state());
    },
    read: async (folder) => {
      await model.load(folder);
      optimizer.restore(await readOptimizer(folder));
    },
    size: async () => 4 * model.parameterCount.trainable,
  };
}

/** Trains the steps first…last, each on its own data. */
export function trainOn({ model, optimizer }: Trained, first: number, last: number): void {
  for (let step = first; step <= last; step++) {
    tf.tidy(() => {
      const x = tf.randomNormal([8, 4], 0, 1, 'float32', step);
      const y = tf.sum<tf.Tensor1D>(x, 1);
      const { gradients } = groupGradient(model, lossOf.regression, x, y);
      optimizer.step(model.trainable, gradients, 0.05);
    });
  }
}

if (process.argv[1] === import.meta.filename) {
  const [folder, from] = process.argv.slice(2) as [string, string];
  await openDevice('cpu');
  const content = await trained('adamw', 1);
  await loadCheckpoint(folder, content);
  for (let step = Number(from) + 1; ; step++) {
    trainOn(content, step, step);
    const state = { step, bestMetric: null };
    await saveCheckpoint(folder, content, state, { best: step % 3 === 0, keep: 2 });
    process.send?.(step);
  }
}
