import type { AttentionShape, Matrix } from '../../backends/operations/operations.ts';
import type { KeysAndValues, Layer, Pass } from '../module/pass.ts';

/** What attention is between: one row a token each. */
export interface Projected extends KeysAndValues {
  readonly query: Matrix;
}

/** From x to queries, keys and values, and the way back from their slopes to x's as `Forward.back` goes it. */
export type Projection = (
  x: Matrix,
  pass: Pass,
) => Projected & {
  /** As in `Forward`. */
  readonly keepsInput?: boolean | undefined;
  back(slopes: Projected, needsInput?: boolean): Matrix | null;
};

export interface Heads
  extends Pick<AttentionShape, 'heads' | 'keyValueHeads' | 'width' | 'causal'> {
  /** Names its dropout, and what is kept of its keys and values. */
  readonly place: string;
  /** Of the probabilities that are dropped. */
  readonly dropout: number;
}

/** Attention of the tokens of each example to one another (Vaswani et al., arXiv 1706.03762), up to the output projection. */
export function attention(project: Projection, { place, dropout, ...heads }: Heads): Layer {
  return (x, pass) => {
    const { operations, tokens, mask, past } = pass;
    const shape: AttentionShape = {
      ...heads,
      batch: tokens.batch,
      queries: tokens.length,
      keys: mask.shape[1],
      dropout: pass.dropout?.at(place, dropout) ?? null,
    };
    const { query, keepsInput, back, ...own } = project(x, pass);
    const { key, value } = past ? past.extend(place, own) : own;
    const { y, probabilities } = operations.attention(query, key, value, mask, shape);
    return {
      y,
      keepsInput,
      back(dy, needsInput) {
        const slopes = operations.attentionInputs(query, key, value, probabilities, dy, shape);
        return back({ query: slopes.q, key: slopes.k, value: slopes.v }, needsInput);
      },
    };
  };
}

/** Each by a layer of its own. */
export function separately(query: Layer, key: Layer, value: Layer): Projection {
  return (x, pass) => {
    const { add } = pass.operations;
    const [q, k, v] = [query(x, pass), key(x, pass), value(x, pass)];
    return {
      query: q.y,
      key: k.y,
      value: v.y,
      keepsInput: [q, k, v].some((projected) => projected.keepsInput ?? true),
      back(slopes, needsInput) {
        const [dq, dk, dv] = [
          q.back(slopes.query, needsInput),
          k.back(slopes.key, needsInput),
          v.back(slopes.value, needsInput),
        ];
        return dq && dk && dv && add(add(dq, dk), dv);
      },
    };
  };
}
