import * as z from 'zod';
import type { AggregatorParameter } from '../engine/aggregators/description.ts';

export const whole = (least: number) => z.int().min(least);
/** 0…1. */
export const share = () => z.number().min(0).max(1);
/** 0…<1, as of a momentum or dropout. */
export const coefficient = () => z.number().min(0).lt(1);

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
