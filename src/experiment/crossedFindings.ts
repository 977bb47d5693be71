/** The variance of a method over crossed seeds, split into initialization and order of the examples. */
import { z } from 'zod';
import type { Seed } from '../runs/manifest.ts';
import { intervalSchema } from './comparison.ts';
import { crossedComponents, fullTable } from './statistics/crossed.ts';

const componentSchema = z.object({
  variance: z.number(),
  interval: intervalSchema,
  /** Of the whole variance; `null` if nothing varies. */
  share: z.number().nullable(),
  shareInterval: intervalSchema.nullable(),
});

export const crossedSchema = z.object({
  method: z.string(),
  inits: z.array(z.number()),
  orders: z.array(z.number()),
  /** The metric, a row for each initialization, a column for each order. */
  values: z.array(z.array(z.number())),
  init: componentSchema,
  order: componentSchema,
  /** What both decide together, and everything that no seed decides. */
  rest: componentSchema,
});

export type Crossed = z.infer<typeof crossedSchema>;

/** @returns `null` where fewer than 2 × 2 seeds are crossed */
export function crossedOf(
  method: string,
  cells: readonly { readonly seed: Seed; readonly value: number }[],
): Crossed | null {
  const table = fullTable(cells.map(({ seed, value }) => ({ ...seed, value })));
  return table && { method, ...table, ...crossedComponents(table.values) };
}
