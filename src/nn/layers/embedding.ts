import * as tf from '@tensorflow/tfjs-core';
import type { Matrix } from '../../backends/operations/operations.ts';
import type { TokenBatch } from '../../data/tokenBatch.ts';
import type { Parameter } from '../module/parameter.ts';
import type { Layer, Pass } from '../module/pass.ts';

/** A table with one row per id. */
export interface EmbeddingTable {
  readonly parameter: Parameter<Matrix>;
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
        for (const { parameter, ids } of tables) {
          if (parameter.trained) addRows(parameter, ids(tokens, pass), dy, pass);
        }
        return null;
      },
    };
  };
}

/** Hands the gradients of the rows that occur to the sink; the others have none. */
function addRows(
  parameter: Parameter<Matrix>,
  ids: Int32Array,
  dy: Matrix,
  { operations, bounds, sink }: Pass,
): void {
  const rows = Int32Array.from(new Set(ids)).sort();
  const segmentOf = new Map(Array.from(rows, (id, segment) => [id, segment]));
  const segments = ids.map((id) => segmentOf.get(id)!);
  const stacked = operations.segmentSums(dy, segments, rows.length, bounds);
  sink!.add(parameter, { stacked, rows });
}
