import * as tf from '@tensorflow/tfjs-core';
import type { AttentionShape, Matrix } from '../../backends/operations/operations.ts';
import type { KeysAndValues } from '../module/keyValueCache.ts';
import type { Layer, Pass } from '../module/pass.ts';

/** Each has one row per token. */
export interface QueryKeyValue extends KeysAndValues {
  readonly query: Matrix;
}

/** From x to queries, keys and values; `backward` goes from their gradients to ∂L/∂x. */
export type Projection = (
  x: Matrix,
  pass: Pass,
) => QueryKeyValue & {
  /** As in `LayerResult`. */
  readonly savesInput?: boolean | undefined;
  backward(gradients: QueryKeyValue, needsInputGradient?: boolean): Matrix | null;
};

export interface AttentionOptions
  extends Pick<AttentionShape, 'heads' | 'keyValueHeads' | 'width' | 'causal'> {
  /** Names its dropout and its entry in the KV cache. */
  readonly name: string;
  /** Dropout rate of the probabilities. */
  readonly dropout: number;
}

/** Attention of the tokens of each example to one another (Vaswani et al., arXiv 1706.03762), up to the output projection. */
export function attention(
  project: Projection,
  { name, dropout: rate, ...heads }: AttentionOptions,
): Layer {
  return (x, pass) => {
    const { operations, tokens, mask, cache } = pass;
    const shape: AttentionShape = {
      ...heads,
      batch: tokens.batchSize,
      queries: tokens.length,
      keys: mask.shape[1],
      dropout: pass.dropout?.at(name, rate) ?? null,
    };
    const { query, savesInput, backward, ...own } = project(x, pass);
    const { key, value } = cache ? cache.extend(name, own) : own;
    const { y, probabilities } = operations.attention(query, key, value, mask, shape);
    return {
      y,
      savesInput,
      backward(dy, needsInputGradient) {
        const gradients = operations.attentionInputs(query, key, value, probabilities, dy, shape);
        return backward(
          { query: gradients.q, key: gradients.k, value: gradients.v },
          needsInputGradient,
        );
      },
    };
  };
}

/** Applies a layer to each head of a projection by itself: to rows [rows·heads, width]. */
export function ofHeads(layer: Layer, width: number): Layer {
  return (x, pass) => {
    const [rows, columns] = x.shape;
    const heads = columns / width;
    const split = (matrix: Matrix) => tf.reshape(matrix, [rows * heads, width]) as Matrix;
    const joined = (matrix: Matrix) => tf.reshape(matrix, [rows, columns]) as Matrix;
    const result = layer(split(x), { ...pass, bounds: pass.bounds.map((row) => row * heads) });
    return {
      y: joined(result.y),
      savesInput: result.savesInput,
      backward(dy, needsInputGradient) {
        const gradient = result.backward(split(dy), needsInputGradient);
        return gradient && joined(gradient);
      },
    };
  };
}

/** Queries, keys and values by separate layers, as in BERT and Llama. */
export function separateProjections(query: Layer, key: Layer, value: Layer): Projection {
  return (x, pass) => {
    const { add } = pass.operations;
    const [q, k, v] = [query(x, pass), key(x, pass), value(x, pass)];
    return {
      query: q.y,
      key: k.y,
      value: v.y,
      savesInput: [q, k, v].some((projected) => projected.savesInput ?? true),
      backward(gradients, needsInputGradient) {
        const [dq, dk, dv] = [
          q.backward(gradients.query, needsInputGradient),
          k.backward(gradients.key, needsInputGradient),
          v.backward(gradients.value, needsInputGradient),
        ];
        return dq && dk && dv && add(add(dq, dk), dv);
      },
    };
  };
}

/** Queries, keys and values side by side in the output of one layer, as in GPT-2. */
export function fusedProjection(all: Layer): Projection {
  return (x, pass) => {
    const { y, savesInput, backward } = all(x, pass);
    const [query, key, value] = tf.split(y, 3, 1) as [Matrix, Matrix, Matrix];
    y.dispose();
    return {
      query,
      key,
      value,
      savesInput,
      backward: (gradients, needsInputGradient) =>
        backward(
          tf.concat([gradients.query, gradients.key, gradients.value], 1),
          needsInputGradient,
        ),
    };
  };
}
