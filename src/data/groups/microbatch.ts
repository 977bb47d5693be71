import type { Grouping } from './grouping.ts';
import { numberedNames, slices } from './slices.ts';

/** The k consecutive micro-batches that gradient accumulation would sum in one optimizer step. */
export function microbatch(count: number): Grouping {
  return { names: numberedNames(count), split: (_step, batch) => slices(batch, count) };
}
