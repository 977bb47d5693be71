import * as z from 'zod';
import type { AggregatorParameter } from '../engine/aggregators/description.ts';

/** A number with the bounds, the default and the meaning of a parameter. */
export function numberOf({
  default: standard,
  min,
  max,
  belowMax,
  description,
}: AggregatorParameter) {
  const number = z.number().min(min);
  return (belowMax ? number.lt(max) : number.max(max)).default(standard).describe(description);
}
