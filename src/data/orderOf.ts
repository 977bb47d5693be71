import type { Config } from '../config/schema.ts';
import type { BatchOrder } from './batchOrder.ts';
import type { Examples } from './dataset.ts';
import { Order } from './order.ts';
import { SimilarLength } from './similarLength.ts';

/** The order that a config asks for. @param examples to train on */
export function orderOf(
  { batches, batchSize }: Pick<Config, 'batches' | 'batchSize'>,
  { count, lengths }: Examples,
  seed: number,
): BatchOrder {
  if (batches === 'random') return new Order(count, batchSize, seed);
  if (!lengths) throw new Error('batches of similar length, but the examples are no texts');
  return new SimilarLength(lengths, batchSize, seed);
}
