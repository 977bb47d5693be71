import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-core';
import type { Dropout, Layer } from '../module/pass.ts';

/** @param place names it within the network: each place drops differently */
export function dropout(place: string, rate: number): Layer {
  return (x, { operations, dropout }) => {
    const dropped = dropout?.at(place, rate) ?? null;
    const drop = (values: typeof x) =>
      dropped ? operations.dropout(values, dropped) : tf.clone(values);
    return {
      y: drop(x),
      savesInput: false,
      backward: (dy, needsInputGradient = true) => (needsInputGradient ? drop(dy) : null),
    };
  };
}

/**
 * Dropout without a state (Srivastava et al. 2014; a counter-based generator as in Salmon et al. 2011): what is dropped is a
 * function of the run's seed, the step, the place and the index. A step that is computed again, on the way back or after a
 * resume, drops the same.
 *
 * @param pass number of the pass within the step, where groups go through one by one
 */
export function dropoutOf(seed: number, step: number, pass: number): Dropout {
  return {
    at: (place, rate) => (rate === 0 ? null : { rate, seed: seedOf(seed, step, pass, place) }),
  };
}

function seedOf(...key: readonly (string | number)[]): number {
  const text = ['dropout', ...key].join(' ');
  return createHash('sha256').update(text).digest().readUInt32LE(0);
}
