import * as tf from '@tensorflow/tfjs-core';
import type { Rotations } from '../decoders/rotary.ts';
import type { AttentionShape, Matrix } from '../operations.ts';
import { type Layer, type Pass, positionsOf } from '../pass.ts';

interface Asked {
  readonly q: Matrix;
  readonly k: Matrix;
  readonly v: Matrix;
}

interface Projected extends Asked {
  /** From the slopes of q, k and v to that of the input. */
  back(slopes: Asked, needsInput: boolean): Matrix | null;
}

/** Queries [rows, heads·width], keys and values [rows, keyValueHeads·width] of an input. */
export type Projection = (x: Matrix, pass: Pass) => Projected;

/** A layer each for queries, keys and values. */
export function separate(query: Layer, key: Layer, value: Layer): Projection {
  return (x, pass) => {
    const { operations } = pass;
    const [q, k, v] = [query(x, pass), key(x, pass), value(x, pass)];
    return {
      q: q.y,
      k: k.y,
      v: v.y,
      back(slopes, needsInput) {
        const dq = q.back(slopes.q, needsInput);
        const dk = k.back(slopes.k, needsInput);
        const dv = v.back(slopes.v, needsInput);
        return dq && dk && dv && operations.add(operations.add(dq, dk), dv);
      },
    };
  };
}

/** One layer, whose output has queries, keys and values side by side. */
export function fused(all: Layer): Projection {
  return (x, pass) => {
    const { y, back } = all(x, pass);
    const [q, k, v] = tf.split(y, 3, 1) as [Matrix, Matrix, Matrix];
    return {
      q,
      k,
      v,
      back: (slopes, needsInput) =>
        back(tf.concat([slopes.q, slopes.k, slopes.v], 1) as Matrix, needsInput),
    };
  };
}

/** Queries and keys turned by their positions. */
export function rotary(projection: Projection, rotations: Rotations): Projection {
  return (x, pass) => {
    const { rotate } = pass.operations;
    const projected = projection(x, pass);
    const rotation = rotations(positionsOf(pass));
    return {
      q: rotate(projected.q, rotation, 1),
      k: rotate(projected.k, rotation, 1),
      v: projected.v,
      back: ({ q, k, v }, needsInput) =>
        projected.back({ q: rotate(q, rotation, -1), k: rotate(k, rotation, -1), v }, needsInput),
    };
  };
}

export interface CausalAttention extends Pick<AttentionShape, 'heads' | 'keyValueHeads' | 'width'> {
  readonly projection: Projection;
  readonly output: Layer;
  /** Of the probabilities. */
  readonly dropout: number;
  /** Its name in the network. */
  readonly place: string;
}

/**
 * Attention to the tokens before (Vaswani et al., arXiv 1706.03762). Padding behind a text needs no mask, no token of the text
 * sees it; where keys of earlier tokens are kept, the mask is theirs.
 */
export function causalAttention(layer: CausalAttention): Layer {
  const { heads, keyValueHeads, width, place } = layer;
  return (x, pass) => {
    const { operations, past, tokens } = pass;
    const projected = layer.projection(x, pass);
    const { q } = projected;
    const { k, v } = past ? past.extend(place, projected.k, projected.v) : projected;
    const { batch, length } = tokens;
    const keys = k.shape[0] / batch;
    const mask = past?.mask() ?? tf.zeros<tf.Rank.R2>([batch, keys]);
    const dropped = pass.dropout?.at(place, layer.dropout) ?? null;
    const asking = { heads, keyValueHeads, width, batch, queries: length, keys, dropped };
    const shape: AttentionShape = { ...asking, causal: true };
    const { y, probabilities } = operations.attention(q, k, v, mask, shape);
    const out = layer.output(y, pass);
    return {
      y: out.y,
      back(dy, needsInput = true) {
        const slope = out.back(dy)!;
        const slopes = operations.attentionInputs(q, k, v, probabilities, slope, shape);
        return projected.back(slopes, needsInput);
      },
    };
  };
}
