import * as tf from '@tensorflow/tfjs-core';
import type { Matrix } from '../../backends/operations/operations.ts';
import type { TokenBatch } from '../../data/tokenBatch.ts';
import type { Parameter } from '../module/parameter.ts';
import type { Layer, Pass } from '../module/pass.ts';

/** A table with a row for each id. */
export interface EmbeddingTable {
  readonly parameter: Parameter<Matrix>;
  /** Each token's row. */
  ids(tokens: TokenBatch, pass: Pass): Int32Array;
}

/** The sum of what the tables say of each token: its word, its position and the like. */
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

/** Only the rows that occur have a gradient. */
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
