import * as tf from '@tensorflow/tfjs-core';
import type { Matrix } from '../../backends/operations/operations.ts';
import type { Projection } from '../layers/attention.ts';
import { type Layer, positionsOf } from '../module/pass.ts';
import type { Rotations } from './rotary.ts';

/** Queries, keys and values side by side in the output of one layer. */
export function fused(all: Layer): Projection {
  return (x, pass) => {
    const { y, keepsInput, back } = all(x, pass);
    const [query, key, value] = tf.split(y, 3, 1) as [Matrix, Matrix, Matrix];
    y.dispose();
    return {
      query,
      key,
      value,
      keepsInput,
      back: (slopes, needsInput) =>
        back(tf.concat([slopes.query, slopes.key, slopes.value], 1), needsInput),
    };
  };
}

/** Queries and keys turned by the positions of their tokens. */
export function turned(project: Projection, rotations: Rotations): Projection {
  return (x, pass) => {
    const { rotate } = pass.operations;
    const { query, key, value, keepsInput, back } = project(x, pass);
    const rotation = rotations(positionsOf(pass));
    const turn = (rows: Matrix) => {
      const there = rotate(rows, rotation, 1);
      rows.dispose();
      return there;
    };
    return {
      query: turn(query),
      key: turn(key),
      value,
      keepsInput,
      back: (slopes, needsInput) =>
        back(
          {
            query: rotate(slopes.query, rotation, -1),
            key: rotate(slopes.key, rotation, -1),
            value: slopes.value,
          },
          needsInput,
        ),
    };
  };
}
