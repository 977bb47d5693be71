/** The seeds of a config: a list, or initializations crossed with orders of the examples. */
import { z } from 'zod';

export const MAX_SEED = 2_147_483_647;
/** Crossed seeds multiply: a hundred by a hundred runs a method is a slip of the pen. */
const MOST_CROSSED = 100;

const seed = () => z.int().min(0).max(MAX_SEED);
const count = () => z.int().min(1).max(MOST_CROSSED);

/** What one seed decides. */
export interface SeedPair {
  readonly init: number;
  readonly order: number;
}

const list = z
  .array(
    z.union([
      seed(),
      z.strictObject({
        init: seed().describe('Seeds the initial values of new weights.'),
        order: seed().describe('Seeds the order of the examples.'),
      }),
    ]),
  )
  .min(1);

const crossed = z
  .strictObject({
    init: count().describe('How many seeds of the initial values: 0, 1, …'),
    order: count().describe('How many seeds of the order of the examples: 0, 1, …'),
  })
  .meta({ title: 'how many of each, as { init: 5, order: 5 }' });

export const seedsSchema = z.union([list, crossed]);

export type Seeds = z.infer<typeof seedsSchema>;

/** Every seed of a config. Crossed ones with equal numbers first, so that each of a few runs tells something new of both. */
export function seedPairs(seeds: Seeds): SeedPair[] {
  if (Array.isArray(seeds)) {
    return seeds.map((seed) => (typeof seed === 'number' ? { init: seed, order: seed } : seed));
  }
  const { init: inits, order: orders } = seeds;
  const all = Array.from({ length: inits * orders }, (_, i) => ({
    init: Math.floor(i / orders),
    order: i % orders,
  }));
  const diagonal = ({ init, order }: SeedPair) => (order - init + inits) % inits;
  return all.sort((a, b) => diagonal(a) - diagonal(b) || a.init - b.init || a.order - b.order);
}
