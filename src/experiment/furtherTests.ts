/** Tests that studies over seeds report besides those that the verdict goes by: of two methods as if unpaired, and of several at once. */
import * as z from 'zod';
import { type Findings, valuesOf } from './findings.ts';
import { mannWhitney } from './statistics/mannWhitney.ts';
import { friedman, kruskalWallis, oneWayAnova } from './statistics/severalMethods.ts';

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

/** No p is corrected, neither for how many tests there are nor for looks while seeds come in. */
export const furtherTestsSchema = z.object({
  mannWhitney: z.array(
    z.object({
      one: z.string(),
      other: z.string(),
      /** Values of each. */
      runs: z.tuple([z.number(), z.number()]),
      u: z.number(),
      p: z.number(),
      /** Share of the pairs of runs in which `one` is higher, less that in which `other` is: −1…1. */
      rankBiserial: z.number(),
    }),
  ),
  /** Of three methods or more, at each point of the grid. */
  several: z.array(severalSchema),
});

export type FurtherTests = z.infer<typeof furtherTestsSchema>;

/** Of methods that have two values or more. */
export function furtherTestsOf(findings: Findings): FurtherTests {
  const valued = findings.methods.filter(({ figures }) => figures !== null && figures.n >= 2);
  const isValued = (name: string) => valued.some(({ method }) => method === name);
  const points = [...new Set(valued.map(({ point }) => point))];
  return {
    mannWhitney: findings.comparisons
      .filter(({ one, other }) => isValued(one) && isValued(other))
      .map(({ one, other }) => {
        const [a, b] = [valuesOf(one, findings), valuesOf(other, findings)];
        const { u, p } = mannWhitney(a, b);
        const rankBiserial = (2 * u) / (a.length * b.length) - 1;
        return { one, other, runs: [a.length, b.length], u, p, rankBiserial };
      }),
    several: points.flatMap((point) => {
      const methods = valued.filter((it) => it.point === point).map(({ method }) => method);
      return methods.length < 3
        ? []
        : [{ ...(point !== undefined && { point }), ...severalOf(methods, findings) }];
    }),
  };
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
