import * as tf from '@tensorflow/tfjs-core';
import type { Matrix } from '../../backends/operations/operations.ts';
import type { TokenBatch } from '../../data/tokenBatch.ts';
import type { Layer } from '../module/pass.ts';

/** From rows of tokens to rows of examples: each example's first token. Wrap the layers after it in `ofExamples`. */
export const firstToken = tokenOfEach(() => 0);

/**
 * As `firstToken`, with each example's last token that is not the padding token, as transformers pools: where end-of-text is the
 * padding token too, that is the token before it. An example of nothing else gives its first token.
 */
export function lastTokenBut(padId: number): Layer {
  return tokenOfEach(({ ids, length, lengths }, example) => {
    const start = example * length;
    let last = lengths[example]! - 1;
    while (last > 0 && ids[start + last] === padId) last--;
    return last;
  });
}

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
