import * as tf from '@tensorflow/tfjs-core';
import {
  type Bounds,
  MASKED,
  type Matrix,
  type Operations,
  type SeededDropout,
} from '../../backends/operations/operations.ts';
import type { TokenBatch } from '../../data/tokenBatch.ts';
import type { ParameterSink } from './parameter.ts';
import { TensorScope } from './tensorScope.ts';

/** One way through the network. */
export interface Pass {
  readonly operations: Operations;
  readonly tokens: TokenBatch;
  /** Of the groups, in rows of tokens. */
  readonly bounds: Bounds;
  /** [batch, keys], added to the scores of attention: 0, or HIDDEN where a key is padding. */
  readonly mask: tf.Tensor2D;
  /** Null where nothing is dropped: outside of training. */
  readonly dropout: Dropout | null;
  /** Null where there will be no way back. */
  readonly sink: ParameterSink | null;
  /** What is needed beyond a layer. Let go when no way will be gone any more, and when one failed midway. */
  readonly scope: TensorScope;
  /** Where text is generated: keys and values of the tokens before these. */
  readonly past?: Past;
}

/** What attention keeps of tokens that went through before. */
export interface Past {
  /** Of the pass's tokens in their texts; batch·length. */
  readonly positions: Int32Array;
  /** Adds keys and values of this pass to those that are kept for a place in the network, which are the past's, and gives all. */
  extend(place: string, added: KeysAndValues): KeysAndValues;
}

/** Rows of tokens, [batch·keys, width] each. */
export interface KeysAndValues {
  readonly key: Matrix;
  readonly value: Matrix;
}

/** Where each row's token stands in its text; batch·length. */
export function positionsOf({ past, tokens: { batch, length } }: Pass): Int32Array {
  return past?.positions ?? Int32Array.from({ length: batch * length }, (_, row) => row % length);
}

/** A seed for each place in the network that drops, the same whenever a step is computed again. */
export interface Dropout {
  at(place: string, rate: number): SeededDropout | null;
}

/** What a layer made of its input, and the way back. */
export interface Forward {
  readonly y: Matrix;
  /** False: the way back needs no x, so that whoever made x may dispose of it. */
  readonly keepsInput?: boolean | undefined;
  /**
   * From ∂L/∂y to ∂L/∂x, a tensor of its own; gradients of trained parameters go to the sink. Once at most. `needsInput` false:
   * nobody asks for ∂L/∂x, and null may come back.
   */
  back(dy: Matrix, needsInput?: boolean): Matrix | null;
}

/** A layer keeps what its way back needs in the closure; tensors live in the scope of the block that calls it. */
export type Layer<X = Matrix> = (x: X, pass: Pass) => Forward;

export type Vector = tf.Tensor1D;

/** Goes a way through a network. Of all its tensors, none is left at its end, whatever happens, but those that the sink has. */
export async function passOver<T>(
  operations: Operations,
  tokens: TokenBatch,
  { dropout, sink }: Pick<Pass, 'dropout' | 'sink'>,
  go: (pass: Pass) => Promise<T>,
): Promise<T> {
  const bounds = tokens.examples.map((example) => example * tokens.length);
  const kept = new TensorScope();
  try {
    const mask = kept.add(maskOf(tokens));
    const lateSink = sink && late(sink, kept);
    return await go({ operations, tokens, bounds, mask, dropout, sink: lateSink, scope: kept });
  } finally {
    kept.dispose();
  }
}

/** Hands gradients on when the scope that they were made in is over, so that the sink's own tensors do not end with it. */
function late(sink: ParameterSink, kept: TensorScope): ParameterSink {
  let waiting: Parameters<ParameterSink['add']>[] = [];
  return {
    add(parameter, gradient) {
      kept.add(gradient.stacked);
      waiting.push([parameter, gradient]);
    },
    flush() {
      for (const [parameter, gradient] of waiting) {
        sink.add(parameter, gradient);
        kept.giveAway(gradient.stacked);
      }
      waiting = [];
      return sink.flush();
    },
  };
}

function maskOf({ batch, length, lengths }: TokenBatch): tf.Tensor2D {
  const mask = new Float32Array(batch * length);
  lengths.forEach((tokens, example) => {
    mask.fill(MASKED, example * length + tokens, (example + 1) * length);
  });
  return tf.tensor2d(mask, [batch, length]);
}
