/** The variance of a method over crossed seeds, split into its sources. */
import { mean } from 'simple-statistics';
import * as z from 'zod';
import { formatList, formatPercent } from '../runs/format.ts';
import type { Seed } from '../runs/manifest.ts';
import { intervalSchema } from './comparison.ts';
import { crossedComponents, fullCrossing } from './statistics/crossed.ts';

/** What seeds decide, and what reports call it. */
export const sourceNames = {
  init: 'initialization',
  order: 'order of the examples',
  split: 'split',
} as const;

type Source = keyof typeof sourceNames;
const all = Object.keys(sourceNames) as Source[];

const componentSchema = z.object({
  variance: z.number(),
  interval: intervalSchema,
  /** Of the whole variance; `null` if nothing varies. */
  share: z.number().nullable(),
  shareInterval: intervalSchema.nullable(),
});

export const crossedSchema = z.object({
  method: z.string(),
  /** Those that were crossed, two or three. */
  sources: z.array(
    componentSchema.extend({
      source: z.enum(['init', 'order', 'split']),
      seeds: z.array(z.number()),
    }),
  ),
  /** What they decide together, and everything that no seed decides. */
  rest: componentSchema,
  /** The metric for every combination of seeds, which are in the order of `sources`. */
  cells: z.array(z.object({ seeds: z.array(z.number()), value: z.number() })),
});

export type Crossed = z.infer<typeof crossedSchema>;

/** @returns `null` where fewer than 2 × 2 seeds are crossed */
export function crossedOf(
  method: string,
  values: readonly { readonly seed: Seed; readonly value: number }[],
): Crossed | null {
  const varying = all.filter((source) => new Set(values.map(({ seed }) => seed[source])).size > 1);
  const known = values.filter(({ seed }) => varying.every((source) => seed[source] !== undefined));
  if (varying.length < 2 || known.length === 0) return null;
  const crossing = fullCrossing(
    known.map(({ seed, value }) => ({ levels: varying.map((source) => seed[source]!), value })),
  );
  if (!crossing) return null;
  const { sources, rest } = crossedComponents(crossing);
  return {
    method,
    sources: sources.map((component, f) => ({
      ...component,
      source: varying[f]!,
      seeds: [...crossing.levels[f]!],
    })),
    rest,
    cells: crossing.cells.map(({ levels, value }) => ({ seeds: [...levels], value })),
  };
}

/** A metric by two of the sources that were crossed, to be drawn. */
export interface CrossedMatrix {
  readonly method: string;
  readonly rowTitle: string;
  readonly columnTitle: string;
  /** Seeds. */
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly values: readonly (readonly number[])[];
}

/** One for each two sources of each method; over a third one the mean. */
export function crossedMatrices(all: readonly Crossed[]): CrossedMatrix[] {
  return all.flatMap(({ method, sources, cells }) =>
    sources.flatMap((rows, i) =>
      sources.slice(i + 1).map((columns, beyond): CrossedMatrix => {
        const j = i + 1 + beyond;
        const values = rows.seeds.map((row) =>
          columns.seeds.map((column) =>
            mean(
              cells.flatMap(({ seeds, value }) =>
                seeds[i] === row && seeds[j] === column ? [value] : [],
              ),
            ),
          ),
        );
        return {
          method,
          rowTitle: sourceNames[rows.source],
          columnTitle: sourceNames[columns.source],
          rows: rows.seeds.map(String),
          columns: columns.seeds.map(String),
          values,
        };
      }),
    ),
  );
}

/** What stands below a verdict. */
export function crossedNotes(all: readonly Crossed[], metric: string): string[] {
  return all.flatMap(({ method, sources, rest }) => {
    if (rest.share === null) return [];
    const told = sources.map(
      ({ source, share, shareInterval: of }) =>
        `${formatPercent(share!)} ${sourceNames[source]} (95 % ${formatPercent(of!.low)} … ${formatPercent(of!.high)})`,
    );
    const parts = [...told, `${formatPercent(rest.share)} what they decide together, and chance`];
    return [`Of the variance of ${metric} with ${method}: ${formatList(parts)}.`];
  });
}
