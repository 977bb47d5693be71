import * as tf from '@tensorflow/tfjs-core';
import {
  type Bounds,
  MASKED,
  type Matrix,
  type Operations,
  type SeededDropout,
} from '../../backends/operations/operations.ts';
import type { TokenBatch } from '../../data/tokenBatch.ts';
import type { KeyValueCache } from './keyValueCache.ts';
import { ModelError } from './model.ts';
import type { ParameterSink } from './parameter.ts';
import { TensorScope } from './tensorScope.ts';

/** One forward pass through a network and, if it has a sink, the backward pass after it. */
export interface Pass {
  readonly operations: Operations;
  readonly tokens: TokenBatch;
  /** The groups, in rows of tokens. */
  readonly bounds: Bounds;
  /** [batch, keys], added to the attention scores: 0, or MASKED where a key is padding. */
  readonly mask: tf.Tensor2D;
  /** Null outside of training. */
  readonly dropout: Dropout | null;
  /** Null if there is no backward pass. */
  readonly sink: ParameterSink | null;
  /** Saved tensors, which outlive the layer that made them. Disposed of after the pass, also if it fails. */
  readonly scope: TensorScope;
  /** While generating text: keys and values of the tokens before these. */
  readonly cache?: KeyValueCache;
}

/** A seed for each dropout layer, the same whenever a step is computed again. */
export interface Dropout {
  /** @param name of the layer. @returns null if the rate is 0 */
  at(name: string, rate: number): SeededDropout | null;
}

/** The output of a layer, and its backward pass. */
export interface LayerResult {
  readonly y: Matrix;
  /** False: the backward pass does not need x, so its owner may dispose of it. Default true. */
  readonly savesInput?: boolean | undefined;
  /**
   * From ∂L/∂y to ∂L/∂x, a new tensor; gradients of trained parameters go to the sink. May be called once.
   *
   * @param needsInputGradient false: ∂L/∂x is not needed, and the result may be null. Default true.
   */
  backward(dy: Matrix, needsInputGradient?: boolean): Matrix | null;
}

/** A layer's closure saves what its backward pass needs; its tensors live in the scope of the block that calls it. */
export type Layer<X = Matrix> = (x: X, pass: Pass) => LayerResult;

export type Vector = tf.Tensor1D;

/** Position of each row's token in its text; length batch·length. */
export function positionsOf({ cache, tokens: { batchSize: batch, length } }: Pass): Int32Array {
  return cache?.positions ?? Int32Array.from({ length: batch * length }, (_, row) => row % length);
}

/** Runs a pass and then disposes of all its tensors, whatever happens, except those handed to the sink. */
export async function runPass<T>(
  operations: Operations,
  tokens: TokenBatch,
  { dropout, sink }: Pick<Pass, 'dropout' | 'sink'>,
  run: (pass: Pass) => Promise<T>,
): Promise<T> {
  const bounds = tokens.exampleBounds.map((example) => example * tokens.length);
  const scope = new TensorScope();
  try {
    const mask = scope.add(paddingMask(tokens));
    const deferredSink = sink && deferred(sink, scope);
    return await run({ operations, tokens, bounds, mask, dropout, sink: deferredSink, scope });
  } finally {
    scope.dispose();
  }
}

/** Passes gradients on after the tidy scope they were made in has ended, so that it does not dispose of the sink's own tensors. */
function deferred(sink: ParameterSink, scope: TensorScope): ParameterSink {
  let waiting: Parameters<ParameterSink['add']>[] = [];
  return {
    add(parameter, gradient) {
      scope.add(gradient.stacked);
      waiting.push([parameter, gradient]);
    },
    flush() {
      for (const [parameter, gradient] of waiting) {
        sink.add(parameter, gradient);
        scope.release(gradient.stacked);
      }
      waiting = [];
      return sink.flush();
    },
  };
}

function paddingMask({ batchSize: batch, length, lengths }: TokenBatch): tf.Tensor2D {
  const mask = new Float32Array(batch * length);
  lengths.forEach((tokens, example) => {
    mask.fill(MASKED, example * length + tokens, (example + 1) * length);
  });
  return tf.tensor2d(mask, [batch, length]);
}

/** @throws ModelError if the examples have more than `maxTokens` tokens */
export function checkLength({ length }: Pick<TokenBatch, 'length'>, maxTokens: number): void {
  if (length <= maxTokens) return;
  throw new ModelError(
    `an example has ${length} tokens, but the network has ${maxTokens} positions: truncate texts to that length`,
  );
}
