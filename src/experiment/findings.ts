/** Everything an experiment shows, in figures: methods, comparisons, what seeds cannot show. The verdict puts it into words. */
import * as z from 'zod';
import { labelAt } from '../config/points.ts';
import type { Better } from '../config/ranking.ts';
import {
  adjust,
  type Compared,
  compare,
  comparisonSchema,
  intervalSchema,
  questions,
} from './comparison.ts';
import { type Crossed, crossedSchema } from './crossedFindings.ts';
import type { SeedResult } from './seedResults.ts';
import { extremesOf } from './statistics/extremes.ts';
import { wilsonInterval } from './statistics/failures.ts';
import { holm } from './statistics/holm.ts';
import { meanInterval } from './statistics/means.ts';
import { spreadInterval } from './statistics/spread.ts';
import { interquartileMean, interquartileRange, summarise } from './statistics/summary.ts';

const statusSchema = z.enum(['queued', 'running', 'finished', 'stopped', 'failed', 'interrupted']);

const resultSchema = z.object({
  run: z.string(),
  method: z.string(),
  point: z.string().exactOptional(),
  seed: z.string(),
  status: statusSchema,
  counts: z.boolean(),
  failed: z.boolean(),
  reason: z.string().nullable(),
  value: z.number().nullable(),
}) satisfies z.ZodType<SeedResult>;

const figuresSchema = z.object({
  n: z.number(),
  mean: z.number(),
  /** Student's t; `null` for a single value, or if all are alike. */
  meanInterval: intervalSchema.nullable(),
  std: z.number().nullable(),
  /** Of the jackknife; `null` for fewer than three values. */
  stdInterval: intervalSchema.nullable(),
  min: z.number(),
  max: z.number(),
  /** Of independent seeds: probability that a further one is below `min`, and the share of all seeds that is so at most, with 95 % confidence; for `max` alike. */
  extremes: z.object({ further: z.number(), beyond: z.number() }),
  iqr: z.number(),
  /** Mean of the middle half of the values. */
  iqm: z.number(),
});

const methodSchema = z.object({
  method: z.string(),
  /** Its point in the grid; absent without a grid. Methods are compared within one. */
  point: z.string().exactOptional(),
  /** Of the runs that count and have a value; `null` if there are none. */
  figures: figuresSchema.nullable(),
  /** Of the runs that count; `null` if there are none. */
  failures: z.object({ count: z.number(), n: z.number(), interval: intervalSchema }).nullable(),
});

export const findingsSchema = z.object({
  metric: z.string(),
  better: z.enum(['higher', 'lower']).nullable(),
  /** What a constant prediction reaches; `null` if unknown. */
  constantPredictor: z.number().nullable(),
  /** Some runs of a method share an initialization, an order of the examples or a split: they are not independent. */
  isCrossed: z.boolean(),
  /** The variance of each method whose seeds are crossed, by its sources. */
  crossed: z.array(crossedSchema),
  /** Of `seeds: auto`, the numbers of seeds after which is decided whether there are enough; `null` if it was decided before. */
  looks: z.array(z.number()).readonly().nullable(),
  methods: z.array(methodSchema),
  comparisons: z.array(comparisonSchema),
  /** What no number of seeds narrows: the standard error of the metric over other validation examples. */
  validation: z
    .object({ examples: z.number(), value: z.number(), standardError: z.number() })
    .nullable(),
  /** Every run, those included that failed or have not finished. */
  runs: z.array(resultSchema),
});

export type Findings = z.infer<typeof findingsSchema>;
export type MethodFigures = Findings['methods'][number];

export interface Evidence {
  readonly metric: string;
  readonly better: Better | null;
  readonly constantPredictor: number | null;
  readonly isCrossed: boolean;
  /** Default: none. */
  readonly crossed?: readonly Crossed[];
  /** Numbers of seeds after which is decided whether there are enough; `null` if it was decided before. */
  readonly looks: readonly number[] | null;
  readonly results: readonly SeedResult[];
  readonly validation: Findings['validation'];
}

/** The method that others are compared with, if it is there; otherwise each is compared with each. In a grid, within each point. */
const REFERENCE = 'mean';

/** @param evidence with methods and seeds in the order in which they are to be shown */
export function findingsOf({ results, better, ...evidence }: Evidence): Findings {
  const methods = methodsIn(results);
  const compared = pairsOf(methods).map(([one, other]) =>
    compare(one, other, better, evidence.looks),
  );
  return {
    ...evidence,
    crossed: [...(evidence.crossed ?? [])],
    better,
    methods: methods.map(figuresOf),
    comparisons: corrected(compared, evidence.isCrossed),
    runs: [...results],
  };
}

/** A method's values, of the runs that count and have one. */
export function valuesOf(method: string, { runs }: Pick<Findings, 'runs'>): number[] {
  return runs.flatMap((run) => (run.method === method && run.value !== null ? [run.value] : []));
}

/** The figures of each method, without comparisons. */
export function methodFigures(results: readonly SeedResult[]): MethodFigures[] {
  return methodsIn(results).map(figuresOf);
}

function methodsIn(results: readonly SeedResult[]): Compared[] {
  return [...new Set(results.map(({ method }) => method))].map((method) =>
    comparedOf(method, results),
  );
}

function comparedOf(method: string, results: readonly SeedResult[]): Compared {
  const all = results.filter((result) => result.method === method);
  const own = all.filter((result) => result.counts);
  return {
    method,
    ...pointOf(all[0]!),
    values: new Map(own.flatMap(({ seed, value }) => (value === null ? [] : [[seed, value]]))),
    failures: { count: own.filter(({ failed }) => failed).length, n: own.length },
  };
}

/** An absent point stays absent. */
function pointOf({ point }: { readonly point?: string }): { point?: string } {
  return point === undefined ? {} : { point };
}

function figuresOf({ method, values, failures, ...at }: Compared): MethodFigures {
  return {
    method,
    ...pointOf(at),
    figures: values.size === 0 ? null : summaryOf([...values.values()]),
    failures: failures.n === 0 ? null : { ...failures, interval: wilsonInterval(failures) },
  };
}

function summaryOf(values: readonly number[]): MethodFigures['figures'] {
  return {
    ...summarise(values),
    meanInterval: meanInterval(values),
    stdInterval: spreadInterval(values),
    extremes: extremesOf(values.length),
    iqr: interquartileRange(values),
    iqm: interquartileMean(values),
  };
}

function pairsOf(methods: readonly Compared[]): [Compared, Compared][] {
  const points = [...new Set(methods.map(({ point }) => point))];
  return points.flatMap((point) => pairsAt(methods.filter((method) => method.point === point)));
}

/** @param methods of one point */
function pairsAt(methods: readonly Compared[]): [Compared, Compared][] {
  const reference = methods.find(({ method, point }) => method === labelAt(REFERENCE, point));
  if (reference) {
    return methods.filter((one) => one !== reference).map((one) => [one, reference]);
  }
  return methods.flatMap((one, i) =>
    methods.slice(i + 1).map((other): [Compared, Compared] => [one, other]),
  );
}

/** Holm's correction over all tests of all comparisons. */
function corrected(comparisons: readonly ReturnType<typeof compare>[], isCrossed: boolean) {
  const tests = comparisons.flatMap((comparison) =>
    questions.map((question) => comparison[question]?.p ?? null),
  );
  const adjusted = holm(tests);
  return comparisons.map((comparison, i) =>
    adjust(
      comparison,
      (question) => adjusted[questions.length * i + questions.indexOf(question)]!,
      isCrossed,
    ),
  );
}
