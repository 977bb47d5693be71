import * as tf from '@tensorflow/tfjs-core';
import type { Matrix } from '../../backends/operations/operations.ts';
import type { TokenBatch } from '../../data/tokenBatch.ts';
import type { Parameter } from '../module/parameter.ts';
import type { Layer, Pass } from '../module/pass.ts';

/** A table with one row per id. */
export interface EmbeddingTable {
  readonly parameter: Parameter<Matrix>;
  /** This row gets no gradient, as with `padding_idx` of PyTorch's `Embedding`. Default: none. */
  readonly paddingIndex?: number | null;
  /** Row of each token. */
  ids(tokens: TokenBatch, pass: Pass): Int32Array;
}

/** The sum of each token's rows of the tables: its word, position and type embeddings. */
export function embedding(tables: readonly EmbeddingTable[]): Layer<TokenBatch> {
  return (tokens, pass) => {
    const { operations } = pass;
    const rowsOf = ({ parameter, ids }: EmbeddingTable) =>
      operations.gather(parameter.value, tf.tensor1d(ids(tokens, pass), 'int32'));
    return {
      y: tf.tidy(() => tables.map(rowsOf).reduce(operations.add)),
      backward(dy) {
        for (const table of tables) {
          if (table.parameter.trained) addRows(table, table.ids(tokens, pass), dy, pass);
        }
        return null;
      },
    };
  };
}

/** Hands the gradients of the rows that occur to the sink; the others have none. */
function addRows(
  { parameter, paddingIndex = null }: EmbeddingTable,
  ids: Int32Array,
  dy: Matrix,
  { operations, bounds, sink }: Pass,
): void {
  const rows = Int32Array.from(new Set(ids)).sort();
  const segmentOf = new Map(Array.from(rows, (id, segment) => [id, segment]));
  const segments = ids.map((id) => segmentOf.get(id)!);
  const sums = operations.segmentSums(dy, segments, rows.length, bounds);
  const padding = paddingIndex === null ? undefined : segmentOf.get(paddingIndex);
  const stacked = padding === undefined ? sums : withoutRow(sums, padding);
  sink!.add(parameter, { stacked, rows });
}

/** With zeros in one row of each group. @param stacked [groups, rows, width] */
function withoutRow(stacked: tf.Tensor3D, row: number): tf.Tensor3D {
  const [, rows] = stacked.shape;
  const factors = Float32Array.from({ length: rows }, (_, i) => Number(i !== row));
  return tf.tidy(() => tf.mul(stacked, tf.tensor2d(factors, [rows, 1])));
}
