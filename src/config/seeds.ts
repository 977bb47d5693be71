/** The seeds of a config: a list, initializations crossed with orders of the examples and with splits, or as many as it takes. */
import * as z from 'zod';

export const MAX_SEED = 2_147_483_647;
/** Crossed seeds multiply: a hundred by a hundred runs a method is a slip of the pen. */
const MOST_CROSSED = 100;

const seed = () => z.int().min(0).max(MAX_SEED);
const count = () => z.int().min(1).max(MOST_CROSSED);

/** What one seed decides. */
export interface SeedPair {
  readonly init: number;
  readonly order: number;
  /** Which rows of the training file are validation examples; absent: those that the config says. */
  readonly split?: number | undefined;
}

const list = z
  .array(
    z.union([
      seed(),
      z.strictObject({
        init: seed().describe('Seeds the initial values of new weights.'),
        order: seed().describe('Seeds the order of the examples.'),
        split: seed()
          .optional()
          .describe('Seeds which rows are for validation, in place of `data.validation.seed`.'),
      }),
    ]),
  )
  .min(1);

const crossed = z
  .strictObject({
    init: count().default(1).describe('How many seeds of the initial values: 0, 1, …'),
    order: count().default(1).describe('How many seeds of the order of the examples: 0, 1, …'),
    split: count()
      .optional()
      .describe(
        'How many seeds of the split: 0, 1, … Which rows are for validation is then a source of variance too; needs `data.validation: { share }`.',
      ),
  })
  .refine((counts) => Object.keys(counts).length > 0)
  .meta({ title: 'how many of each, as { init: 5, order: 5 } or { init: 3, order: 3, split: 3 }' });

/** More than this settle little that these have not. */
const MOST_AUTO = 1000;

const until = z
  .strictObject({
    until: z
      .strictObject({
        difference: z
          .number()
          .positive()
          .optional()
          .describe('The 95 % interval of every difference of means is at most ± this.'),
        spread: z
          .number()
          .gt(1)
          .optional()
          .describe('A ratio of spreads is shown, or so many seeds would show this one.'),
      })
      .describe('What is to be settled.'),
    budget: z
      .string()
      .regex(/^\d+(\.\d+)? ?(s|min|h|d)$/)
      .optional()
      .meta({ title: 'a time, such as 90 min or 2h' })
      .describe('Settled or not, no seeds are added after so much time of training.'),
    most: z.int().min(2).max(MOST_AUTO).default(60).describe('The most seeds, settled or not.'),
  })
  .meta({
    title: 'auto, or until what and how many at most, as { until: { difference: 0.01 }, most: 60 }',
  });

export type Settling = z.infer<typeof until>;

export const seedsSchema = z.union([list, crossed, until, z.literal('auto')]);

export type Seeds = z.infer<typeof seedsSchema>;

/** What `seeds: auto` stands for. */
const AUTO: Settling = { until: { spread: 2 }, most: 60 };

/** `null` for seeds whose number is given. */
export function settlingOf(seeds: Seeds): Settling | null {
  if (seeds === 'auto') return AUTO;
  return 'until' in seeds ? seeds : null;
}

const SECONDS = { s: 1, min: 60, h: 3600, d: 86_400 } as const;

/** Seconds of a budget such as "2h" or "90 min". */
export function secondsOf(budget: string): number {
  const [, number, unit] = /^([\d.]+) ?(\w+)$/.exec(budget) ?? [];
  return Number(number) * SECONDS[unit as keyof typeof SECONDS];
}

/** Seeds before the first decision whether there are enough. */
export const FIRST_LOOK = 8;

/** Every seed of a config, of one without a number those before the first look. Crossed ones with equal numbers first, so that each of a few runs tells something new of both. */
export function seedPairs(seeds: Seeds): SeedPair[] {
  if (Array.isArray(seeds)) {
    return seeds.map((seed) => (typeof seed === 'number' ? { init: seed, order: seed } : seed));
  }
  if (seeds === 'auto' || 'until' in seeds) {
    const count = Math.min(FIRST_LOOK, (seeds === 'auto' ? AUTO : seeds).most);
    return Array.from({ length: count }, (_, seed) => ({ init: seed, order: seed }));
  }
  const { init: inits, order: orders, split: splits = 1 } = seeds;
  const all = Array.from({ length: inits * orders * splits }, (_, i) => ({
    init: Math.floor(i / (orders * splits)),
    order: Math.floor(i / splits) % orders,
    split: i % splits,
  }));
  const diagonal = ({ init, order }: SeedPair) => (order - init + inits) % inits;
  const sorted = all.sort(
    (a, b) =>
      diagonal(a) - diagonal(b) ||
      ((a.split - a.init + inits * splits) % splits) -
        ((b.split - b.init + inits * splits) % splits) ||
      a.init - b.init ||
      a.order - b.order ||
      a.split - b.split,
  );
  return seeds.split === undefined ? sorted.map(({ init, order }) => ({ init, order })) : sorted;
}
