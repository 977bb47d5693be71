import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-core';
import type { Dropout, Layer } from '../module/pass.ts';

/** @param name within the network: layers of different names drop different elements */
export function dropout(name: string, rate: number): Layer {
  return (x, { operations, dropout }) => {
    const dropped = dropout?.at(name, rate) ?? null;
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
 * Stateless dropout (Srivastava et al. 2014; a counter-based generator as in Salmon et al. 2011): which elements are dropped
 * depends only on the run's seed, the step, the layer's name and the index. So a step that is recomputed, for the backward pass
 * or after a resume, drops the same elements.
 *
 * @param pass index of the pass within the step, if each group has its own
 */
export function dropoutOf(seed: number, step: number, pass: number): Dropout {
  return {
    at: (name, rate) => (rate === 0 ? null : { rate, seed: seedOf(seed, step, pass, name) }),
  };
}

function seedOf(...key: readonly (string | number)[]): number {
  const text = ['dropout', ...key].join(' ');
  return createHash('sha256').update(text).digest().readUInt32LE(0);
}
