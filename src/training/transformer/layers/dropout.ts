import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from '../pass.ts';

/** @param place names it within the network: each place drops differently */
export function dropout(place: string, rate: number): Layer {
  return (x, { operations, dropout }) => {
    const dropped = dropout?.at(place, rate) ?? null;
    const drop = (values: typeof x) =>
      dropped ? operations.dropout(values, dropped) : tf.clone(values);
    return {
      y: drop(x),
      keepsInput: false,
      back: (dy, needsInput = true) => (needsInput ? drop(dy) : null),
    };
  };
}
