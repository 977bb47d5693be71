/** What a difference between methods is over other seeds and other validation examples together. */
import * as z from 'zod';
import type { Prediction } from '../runs/predictions.ts';
import { type Comparison, intervalSchema } from './comparison.ts';
import type { Findings } from './findings.ts';
import { contains, halfWidth } from './statistics/interval.ts';
import { multiBootstrap } from './statistics/multiBootstrap.ts';
import { exampleMetric } from './validationError.ts';
import { counted, decimalsFor, fixed, formatInterval, TOLD } from './wording.ts';

export const overExamplesSchema = z.object({
  one: z.string(),
  other: z.string(),
  /** Seeds of which both have predictions. */
  seeds: z.number(),
  /** Validation examples. */
  examples: z.number(),
  /** Mean over these seeds of the metric of `one` less that of `other`. */
  difference: z.number(),
  /** Of the multi-bootstrap. */
  interval: intervalSchema,
  p: z.number(),
});

export type OverExamples = z.infer<typeof overExamplesSchema>;

/**
 * What stands below a verdict: it is of the validation examples that there are, and a difference shown over their seeds need not be
 * one over other examples.
 */
export function overExamplesNotes(
  all: readonly OverExamples[],
  { metric, comparisons }: Pick<Findings, 'metric' | 'comparisons'>,
): string[] {
  if (all.length > TOLD) return [];
  return all.map(({ one, other, seeds, examples, difference, interval }) => {
    const decimals = decimalsFor(halfWidth(interval));
    const own = comparisons.find((it) => it.one === one && it.other === other);
    const isShown = own?.means?.finding === 'shown';
    const limit =
      isShown && contains(interval, 0)
        ? ` So the difference above is shown on these ${counted(examples, 'example')}, and not beyond them.`
        : '';
    return `${one} less ${other} in ${metric}, over other seeds and other validation examples together: ${fixed(difference, decimals)} (${formatInterval(interval, 0)}; ${counted(seeds, 'seed')}, ${counted(examples, 'example')}).${limit}`;
  });
}

/** The predictions of a method's finished runs, by seed. */
export type PredictionsOf = (method: string) => ReadonlyMap<string, readonly Prediction[]>;

/** @returns `null` for fewer than two seeds of both, or where predictions do not determine the metric */
export function overExamplesOf(
  { one, other }: Pick<Comparison, 'one' | 'other'>,
  metric: string,
  predictionsOf: PredictionsOf,
): OverExamples | null {
  const [ofOne, ofOther] = [predictionsOf(one), predictionsOf(other)];
  const [first] = ofOne.values();
  const pairs = [...ofOne].flatMap(([seed, predictions]) => {
    const paired = ofOther.get(seed);
    const isAlike = [predictions, paired].every((it) => it?.length === first!.length);
    if (!paired || !isAlike) return [];
    const [a, b] = [exampleMetric(metric, predictions), exampleMetric(metric, paired)];
    return a && b ? [(places: Int32Array) => a(places) - b(places)] : [];
  });
  if (!first || pairs.length < 2) return null;
  const examples = first.length;
  const result = multiBootstrap(pairs.length, examples, (seed, places) => pairs[seed]!(places));
  if (!result) return null;
  const all = Int32Array.from({ length: examples }, (_, place) => place);
  const difference = pairs.reduce((sum, pair) => sum + pair(all), 0) / pairs.length;
  return { one, other, seeds: pairs.length, examples, difference, ...result };
}
