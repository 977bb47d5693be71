import * as tf from '@tensorflow/tfjs-core';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { sampleStandardDeviation } from 'simple-statistics';
import { keyedRandom } from '../../engine/keyedRandom.ts';
import type { Parameter } from '../module/parameter.ts';

/** Adds λ·std(θ)·u to each pretrained tensor that is trained, u uniform between −½ and ½ (NoisyTune, Wu et al. 2022). */
export async function addNoise(
  parameters: readonly Parameter[],
  lambda: number,
  seed: number,
): Promise<void> {
  for (const { name, value, trained, isPretrained } of parameters) {
    if (!trained || !isPretrained || value.size < 2) continue;
    const values = Float32Array.from(await value.data<'float32'>());
    const size = lambda * sampleStandardDeviation(values as unknown as number[]);
    const random = keyedRandom(`noise ${name}`, seed);
    for (const at of values.keys()) values[at]! += size * (uniformFloat64(random) - 0.5);
    tf.tidy(() => (value as tf.Variable).assign(tf.tensor(values, value.shape)));
  }
}
