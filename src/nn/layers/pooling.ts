import * as tf from '@tensorflow/tfjs-core';
import type { Matrix } from '../../backends/operations/operations.ts';
import type { TokenBatch } from '../../data/tokenBatch.ts';
import type { Layer } from '../module/pass.ts';

/** From rows of tokens to rows of examples: each example's first token. Wrap the layers after it in `ofExamples`. */
export const firstToken = tokenOfEach(() => 0);

/** As `firstToken`, with each example's last token that is not padding. */
export const lastToken = tokenOfEach(({ lengths }, example) => lengths[example]! - 1);

function tokenOfEach(at: (tokens: TokenBatch, example: number) => number): Layer {
  return (x, { operations, tokens }) => {
    const { batchSize: batch, length } = tokens;
    const rows = Int32Array.from({ length: batch }, (_, i) => i * length + at(tokens, i));
    return {
      y: operations.gather(x, tf.tensor1d(rows, 'int32')),
      savesInput: false,
      backward(dy, needsInputGradient = true): Matrix | null {
        if (!needsInputGradient) return null;
        const spread = operations.segmentSums(dy, rows, batch * length, [0, batch]);
        return tf.reshape(spread, [batch * length, dy.shape[1]]);
      },
    };
  };
}

/** Applies a layer to rows that are examples instead of tokens. */
export function ofExamples(layer: Layer): Layer {
  return (x, pass) => layer(x, { ...pass, bounds: pass.tokens.exampleBounds });
}
