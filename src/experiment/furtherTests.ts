/** Tests that studies over seeds report besides those that the verdict goes by: of two methods as if unpaired, of several at once, and of what tests assume. */
import * as z from 'zod';
import { type Findings, valuesOf } from './findings.ts';
import { mannWhitney } from './statistics/mannWhitney.ts';
import { dagostinoPearson, shapiroWilk } from './statistics/normality.ts';
import { dependence } from './statistics/series.ts';
import { friedman, kruskalWallis, oneWayAnova } from './statistics/severalMethods.ts';
import { studentT, welchT } from './statistics/unpairedT.ts';

const pairSchema = z.object({
  one: z.string(),
  other: z.string(),
  /** Values of each. */
  runs: z.tuple([z.number(), z.number()]),
});
const unpairedSchema = z.object({ t: z.number(), df: z.number(), p: z.number() }).nullable();

const normalitySchema = z.object({
  n: z.number(),
  shapiroWilk: z.object({ w: z.number(), p: z.number() }),
  /** `null` for fewer than twenty values. */
  dagostinoPearson: z.object({ chiSquare: z.number(), p: z.number() }).nullable(),
});

const severalSchema = z.object({
  /** In the grid; absent without one. */
  point: z.string().exactOptional(),
  methods: z.array(z.string()),
  /** Values of all methods together. */
  runs: z.number(),
  /** `null` where all values are alike. */
  kruskalWallis: z.object({ h: z.number(), p: z.number(), epsilonSquared: z.number() }).nullable(),
  /** Over the seeds that all methods have a value of; `null` for fewer than two, or where methods do not differ at any. */
  friedman: z
    .object({ seeds: z.number(), chiSquare: z.number(), p: z.number(), kendallsW: z.number() })
    .nullable(),
  /** `null` where no method has a spread. */
  anova: z.object({ f: z.number(), p: z.number(), omegaSquared: z.number() }).nullable(),
});
type Several = z.infer<typeof severalSchema>;

/** No p is corrected for how many tests there are or for looks while seeds come in. */
export const furtherTestsSchema = z.object({
  mannWhitney: z.array(
    pairSchema.extend({
      u: z.number(),
      p: z.number(),
      /** Share of the pairs of runs in which `one` is higher, less that in which `other` is: −1…1. */
      rankBiserial: z.number(),
    }),
  ),
  /** Of the means, seeds not shared; `null` where neither method has a spread. */
  unpairedT: z.array(pairSchema.extend({ student: unpairedSchema, welch: unpairedSchema })),
  /** Of three methods or more, at each point of the grid. */
  several: z.array(severalSchema),
  /** Of each method's values, and of the differences by seed, from three that are not all alike. */
  normality: z.object({
    methods: z.array(normalitySchema.extend({ method: z.string() })),
    differences: z.array(normalitySchema.extend({ one: z.string(), other: z.string() })),
  }),
  /** Autocorrelation of each method's values in the order of the seeds, of lags 1…5; p is corrected for these. */
  dependence: z.array(
    z.object({
      method: z.string(),
      n: z.number(),
      lag: z.number(),
      autocorrelation: z.number(),
      p: z.number(),
    }),
  ),
});

export type FurtherTests = z.infer<typeof furtherTestsSchema>;

/** Of methods that have two values or more. */
export function furtherTestsOf(findings: Findings): FurtherTests {
  const valued = findings.methods.filter(({ figures }) => figures !== null && figures.n >= 2);
  const isValued = (name: string) => valued.some(({ method }) => method === name);
  const points = [...new Set(valued.map(({ point }) => point))];
  const pairs = findings.comparisons
    .filter(({ one, other }) => isValued(one) && isValued(other))
    .map(({ one, other }) => ({
      one,
      other,
      a: valuesOf(one, findings),
      b: valuesOf(other, findings),
    }));
  return {
    mannWhitney: pairs.map(({ one, other, a, b }) => {
      const { u, p } = mannWhitney(a, b);
      const rankBiserial = (2 * u) / (a.length * b.length) - 1;
      return { one, other, runs: [a.length, b.length], u, p, rankBiserial };
    }),
    unpairedT: pairs.map(({ one, other, a, b }) => ({
      ...{ one, other, runs: [a.length, b.length] },
      ...{ student: studentT(a, b), welch: welchT(a, b) },
    })),
    several: points.flatMap((point) => {
      const methods = valued.filter((it) => it.point === point).map(({ method }) => method);
      return methods.length < 3
        ? []
        : [{ ...(point !== undefined && { point }), ...severalOf(methods, findings) }];
    }),
    normality: {
      methods: valued.flatMap(({ method }) => {
        const normality = normalityOf(valuesOf(method, findings));
        return normality ? [{ method, ...normality }] : [];
      }),
      differences: pairs.flatMap(({ one, other }) => {
        const rows = completeRows([one, other], findings);
        const normality = normalityOf(rows.map(([a, b]) => a! - b!));
        return normality ? [{ one, other, ...normality }] : [];
      }),
    },
    dependence: valued.flatMap(({ method }) => {
      const values = valuesOf(method, findings);
      const found = dependence(values);
      return found ? [{ method, n: values.length, ...found }] : [];
    }),
  };
}

function normalityOf(values: readonly number[]): z.infer<typeof normalitySchema> | null {
  const test = shapiroWilk(values);
  return (
    test && { n: values.length, shapiroWilk: test, dagostinoPearson: dagostinoPearson(values) }
  );
}

function severalOf(methods: readonly string[], findings: Findings): Several {
  const samples = methods.map((method) => valuesOf(method, findings));
  const rows = completeRows(methods, findings);
  const ranked = rows.length < 2 ? null : friedman(rows);
  return {
    methods: [...methods],
    runs: samples.flat().length,
    kruskalWallis: kruskalWallis(samples),
    friedman: ranked && { seeds: rows.length, ...ranked },
    anova: oneWayAnova(samples),
  };
}

/** A row for each seed that all methods have a value of, a column for each method. */
function completeRows(methods: readonly string[], { runs }: Findings): number[][] {
  const bySeed = new Map<string, Map<string, number>>();
  for (const { seed, method, value } of runs) {
    if (value === null) continue;
    const row = bySeed.get(seed) ?? new Map<string, number>();
    bySeed.set(seed, row.set(method, value));
  }
  return [...bySeed.values()]
    .filter((row) => methods.every((method) => row.has(method)))
    .map((row) => methods.map((method) => row.get(method)!));
}
