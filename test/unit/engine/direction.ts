import { aggregate } from '../../../src/engine/aggregate.ts';
import { gradDrop } from '../../../src/engine/aggregators/graddrop.ts';
import { aggregators } from '../../../src/engine/aggregators/registry.ts';
import { aggregateBlocks } from '../../../src/engine/blocks.ts';
import { gramOf } from '../../../src/engine/gram.ts';
import type { AggregatorName } from '../../../src/engine/types.ts';
import { combine } from './vectors.ts';

/** The gradients cut into as many blocks of columns as there are, up to three. */
export function blocksOf(rows: readonly Float64Array[]) {
  const d = rows[0]!.length;
  const count = Math.min(3, d);
  return Array.from({ length: count }, (_, b) => {
    const cut = rows.map((row) =>
      row.subarray(Math.floor((b * d) / count), Math.floor(((b + 1) * d) / count)),
    );
    return { name: `block ${b}`, rows: cut, gram: gramOf(cut) };
  });
}

/** d of any aggregator, from the gradients themselves. */
export function direction(
  name: AggregatorName,
  rows: readonly Float64Array[],
  seed = 0,
): Float64Array {
  switch (aggregators[name].decidedBy) {
    case 'coordinates':
      return gradDrop(rows, 0, seed);
    case 'block-grams': {
      const cut = blocksOf(rows);
      const { blocks } = aggregateBlocks(cut, {}, name);
      return Float64Array.from(
        blocks.flatMap(({ weights }, b) => Array.from(combine(cut[b]!.rows, weights))),
      );
    }
    default:
      return combine(rows, aggregate({ gram: gramOf(rows), seed }, name).weights);
  }
}
