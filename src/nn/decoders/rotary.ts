import * as tf from '@tensorflow/tfjs-core';
import type { Matrix, Rotation } from '../../backends/operations/operations.ts';
import type { RopeConfig } from '../../hub/architecture/checkpointConfig.ts';
import type { Projection } from '../layers/attention.ts';
import { positionsOf } from '../module/pass.ts';

/** Cosines and sines for rows at these positions. */
export type Rotations = (positions: Int32Array) => Rotation;

/**
 * Rotary position embeddings (Su et al., arXiv 2104.09864): at position p, pair j of a head is rotated by p·θ^(−2j/width). The
 * angles are computed once per position, in float32 as in transformers, so that large angles round alike.
 */
export function rotations(rope: RopeConfig, headDim: number): Rotations {
  const frequencies = frequenciesOf(rope, headDim);
  const half = frequencies.length;
  const cache: { cos: Float32Array; sin: Float32Array }[] = [];
  const at = (position: number) => {
    cache[position] ??= anglesAt(frequencies, position);
    return cache[position];
  };
  return (positions) => {
    const cos = new Float32Array(positions.length * half);
    const sin = new Float32Array(positions.length * half);
    for (const [row, position] of positions.entries()) {
      const angles = at(position);
      cos.set(angles.cos, row * half);
      sin.set(angles.sin, row * half);
    }
    const shape: [number, number] = [positions.length, half];
    return { cos: tf.tensor2d(cos, shape), sin: tf.tensor2d(sin, shape) };
  };
}

/** Radians per position, one for each pair of coordinates. */
function frequenciesOf({ theta, scaling }: RopeConfig, headDim: number): Float32Array {
  const plain = Float32Array.from({ length: headDim / 2 }, (_, j) => {
    const exponent = Math.fround((2 * j) / headDim);
    return 1 / Math.fround(theta ** exponent);
  });
  return scaling ? plain.map((frequency) => scaledFrequency(frequency, scaling)) : plain;
}

/**
 * Llama 3.1's scaling for longer texts: low frequencies are divided by `factor`, high ones stay, and those in between are
 * interpolated.
 */
function scaledFrequency(frequency: number, scaling: NonNullable<RopeConfig['scaling']>): number {
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high } = scaling;
  const turns = (scaling.originalMaxPositions * frequency) / (2 * Math.PI);
  const unscaled = Math.min(Math.max((turns - low) / (high - low), 0), 1);
  return ((1 - unscaled) * frequency) / factor + unscaled * frequency;
}

function anglesAt(frequencies: Float32Array, position: number) {
  const angles = frequencies.map((frequency) => frequency * position);
  return { cos: angles.map(Math.cos), sin: angles.map(Math.sin) };
}

/** Queries and keys rotated by the positions of their tokens. */
export function rotatedProjection(project: Projection, rotations: Rotations): Projection {
  return (x, pass) => {
    const { rotate } = pass.operations;
    const { query, key, value, savesInput, backward } = project(x, pass);
    const rotation = rotations(positionsOf(pass));
    const rotateAndDispose = (rows: Matrix) => {
      const rotated = rotate(rows, rotation, 1);
      rows.dispose();
      return rotated;
    };
    return {
      query: rotateAndDispose(query),
      key: rotateAndDispose(key),
      value,
      savesInput,
      backward: (gradients, needsInputGradient) =>
        backward(
          {
            query: rotate(gradients.query, rotation, -1),
            key: rotate(gradients.key, rotation, -1),
            value: gradients.value,
          },
          needsInputGradient,
        ),
    };
  };
}
