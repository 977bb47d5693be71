import * as tf from '@tensorflow/tfjs-core';
import type { Dataset } from '../../data/dataset.ts';
import type { OnProgress } from '../../nn/module/onProgress.ts';
import type { TrainableNetwork } from '../../nn/small/build.ts';
import type { Outputs } from '../objective/metrics.ts';
import { tensorsOf } from './tensors.ts';

/** Examples that pass through the network at a time: bounds the memory of a validation, not its result. */
const BATCH = 256;

/**
 * Outputs of the network for every example.
 * @param shape of one example
 * @param onProgress is told of every batch
 */
export async function outputsOf(
  model: TrainableNetwork,
  dataset: Dataset,
  shape: readonly number[],
  onProgress: OnProgress,
): Promise<Outputs> {
  const parts: Float32Array[] = [];
  for (let start = 0; start < dataset.count; start += BATCH) {
    const size = Math.min(BATCH, dataset.count - start);
    const examples = Int32Array.from({ length: size }, (_, i) => start + i);
    const outputs = tf.tidy(() => model.apply(tensorsOf(dataset, examples, shape).x));
    parts.push(await outputs.data<'float32'>());
    outputs.dispose();
    await onProgress((start + size) / dataset.count);
  }
  const width = parts[0]!.length / Math.min(BATCH, dataset.count);
  const values = new Float32Array(dataset.count * width);
  parts.forEach((part, i) => {
    values.set(part, i * BATCH * width);
  });
  return { values, width };
}
