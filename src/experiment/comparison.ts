/** Two methods compared over the seeds that both have finished: means, spreads, failures. */
import * as z from 'zod';
import type { Better } from '../config/ranking.ts';
import { sequentialFigures } from './sequentialFigures.ts';
import {
  hedgesG,
  pairedEffect,
  probabilityOfImprovement,
  rankBiserial,
} from './statistics/effects.ts';
import { fisherP, type Rate } from './statistics/failures.ts';
import { ALPHA, contains, type Interval } from './statistics/interval.ts';
import { pairedT } from './statistics/means.ts';
import type { Pair } from './statistics/pairs.ts';
import { LEAST_TO_PERMUTE, signFlipP, smallestP } from './statistics/permutation.ts';
import {
  pairsNeeded,
  powerOfMeans,
  powerOfSpread,
  visibleEffect,
  visibleRatio,
} from './statistics/power.ts';
import { signedRankP } from './statistics/signedRank.ts';
import { brownForsythe, deviationDifferences, ratioOfSpreads } from './statistics/spread.ts';
import { summarise } from './statistics/summary.ts';

export const intervalSchema = z.object({ low: z.number(), high: z.number() });

/**
 * shown: a difference that stands after correction for all comparisons. hinted: one of the figures speaks for a difference, another
 * does not. none: no figure does.
 */
export const findingSchema = z.enum(['shown', 'hinted', 'none']);
export type Finding = z.infer<typeof findingSchema>;

const p = z.number().nullable();

const meansSchema = z.object({
  finding: findingSchema,
  /** Mean of `one` less that of `other`, over the pairs. */
  difference: z.number(),
  interval: intervalSchema.nullable(),
  /** Of the paired t test; where that is undefined, of the permutation test. */
  p,
  /** `p` after Holm's correction for all comparisons of the experiment. */
  adjusted: p,
  permutationP: p,
  /** Of Wilcoxon's signed-rank test. */
  signedRankP: p,
  /** Mean of the differences over their standard deviation. */
  effect: z.number().nullable(),
  /** Difference of the means over the pooled standard deviation, corrected for small samples. */
  hedgesG: z.number().nullable(),
  rankBiserial: z.number().nullable(),
  /** P(a run of `one` is better than one of `other`). */
  probabilityOfImprovement: z.number().nullable(),
  /** The difference that so many pairs show with 80 % power. */
  visible: z.number().nullable(),
  /** Pairs that show a difference like this one with 80 % power; `null` if more than 1000. */
  seedsNeeded: z.number().nullable(),
});

const spreadSchema = z.object({
  finding: findingSchema,
  /** Standard deviation of `one` over that of `other`; `null` if one of them is zero. */
  ratio: z.number().nullable(),
  /** `null` for fewer than six pairs, or where too many values are alike. */
  interval: intervalSchema.nullable(),
  /** Of the paired permutation test of |x − median|; under six pairs, which cannot reach 0.05 there, of Brown and Forsythe's. */
  p,
  adjusted: p,
  permutationP: p,
  brownForsytheP: p,
  /** The ratio above 1 that so many pairs show with 80 % power; `null` if none. */
  visible: z.number().nullable(),
  seedsNeeded: z.number().nullable(),
});

const failuresSchema = z.object({ finding: findingSchema, p, adjusted: p });

export const comparisonSchema = z.object({
  one: z.string(),
  other: z.string(),
  /** Of both, in the grid; absent without a grid. */
  point: z.string().exactOptional(),
  /** Seeds that both have a value of. */
  pairs: z.number(),
  /** `null` for fewer than two pairs. */
  means: meansSchema.nullable(),
  /** `null` for fewer than three pairs. */
  spread: spreadSchema.nullable(),
  /** Fisher's exact test; `null` if no run of either failed. */
  failures: failuresSchema.nullable(),
});

export type Comparison = Readonly<z.infer<typeof comparisonSchema>>;

/** A method's runs, as they are compared. */
export interface Compared {
  readonly method: string;
  /** In the grid; absent without one. */
  readonly point?: string;
  /** By seed, for those that have one. */
  readonly values: ReadonlyMap<string, number>;
  readonly failures: Rate;
}

/**
 * Figures alone: what they show is found once p values are corrected, by {@link adjust}.
 * @param looks numbers of seeds after which is decided whether there are enough; `null` if it was decided before
 */
export function compare(
  one: Compared,
  other: Compared,
  better: Better | null,
  looks: readonly number[] | null,
): Comparison {
  const pairs = [...one.values].flatMap(([seed, value]): Pair[] => {
    const paired = other.values.get(seed);
    return paired === undefined ? [] : [[value, paired]];
  });
  const comparison = {
    one: one.method,
    other: other.method,
    ...(one.point !== undefined && { point: one.point }),
    pairs: pairs.length,
    means: pairs.length < 2 ? null : meansOf(pairs, better),
    spread: pairs.length < 3 ? null : spreadOf(pairs),
    failures: failuresOf(one.failures, other.failures),
  };
  if (!looks) return comparison;
  const { means, spread, failures } = comparison;
  const figures = sequentialFigures(pairs, [one.failures, other.failures], looks);
  return {
    ...comparison,
    means: means && { ...means, ...figures.means },
    spread: spread && { ...spread, ...figures.spread },
    failures: failures && { ...failures, p: figures.failuresP },
  };
}

function meansOf(pairs: readonly Pair[], better: Better | null) {
  const differences = pairs.map(([a, b]) => a - b);
  const n = pairs.length;
  const { difference, interval, p } = pairedT(differences);
  const permutationP = signFlipP(differences);
  const effect = pairedEffect(differences);
  const [one, other] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
  const { std } = summarise(differences);
  return {
    finding: 'none' as const,
    difference,
    interval,
    p: p ?? permutationP,
    adjusted: null,
    permutationP,
    signedRankP: signedRankP(differences),
    effect,
    hedgesG: hedgesG(one, other),
    rankBiserial: rankBiserial(differences),
    probabilityOfImprovement: better && probabilityOfImprovement(one, other, better),
    visible: effect === null ? null : visibleEffect(n) * std!,
    seedsNeeded: effect === null ? null : seedsFor(effect),
  };
}

function spreadOf(pairs: readonly Pair[]) {
  const n = pairs.length;
  const ratio = ratioOfSpreads(pairs);
  const permutationP = signFlipP(deviationDifferences(pairs));
  const brownForsytheP = brownForsythe([pairs.map(([a]) => a), pairs.map(([, b]) => b)]);
  const visible = visibleRatio(n);
  return {
    finding: 'none' as const,
    ratio: ratio?.ratio ?? null,
    interval: ratio?.interval ?? null,
    p: smallestP(n) < ALPHA ? permutationP : brownForsytheP,
    adjusted: null,
    permutationP,
    brownForsytheP,
    visible: Number.isFinite(visible) ? visible : null,
    seedsNeeded: ratio && seedsForSpread(ratio.ratio, pairs),
  };
}

/** @param effect mean of differences over their standard deviation */
function seedsFor(effect: number): number | null {
  return pairsNeeded((pairs) => powerOfMeans(effect, pairs));
}

/** The more of what normal values of that ratio take, and what deviations as far apart as the observed ones take: outliers need many. */
function seedsForSpread(ratio: number, pairs: readonly Pair[]): number | null {
  const effect = pairedEffect(deviationDifferences(pairs));
  const needs = [
    pairsNeeded((count) => powerOfSpread(ratio, count)),
    effect === null ? null : seedsFor(effect),
  ];
  return needs.includes(null) ? null : Math.max(LEAST_TO_PERMUTE, ...needs.map(Number));
}

function failuresOf(one: Rate, other: Rate) {
  if (one.count + other.count === 0 || one.n === 0 || other.n === 0) return null;
  return { finding: 'none' as const, p: fisherP(one, other), adjusted: null };
}

/** The questions of a comparison, in the order in which they are told. */
export const questions = ['spread', 'means', 'failures'] as const;

/**
 * With corrected p values, and what follows from them.
 * @param correct from the question to its corrected p
 * @param isCrossed runs are not independent, as all tests take them to be: no difference is more than a hint
 */
export function adjust(
  comparison: Comparison,
  correct: (question: (typeof questions)[number]) => number | null,
  isCrossed: boolean,
): Comparison {
  const findingOf = (...figures: Parameters<typeof findingFrom>) => {
    const finding = findingFrom(...figures);
    return isCrossed && finding === 'shown' ? 'hinted' : finding;
  };
  const { pairs, means, spread, failures } = comparison;
  const [spreadP, meansP, failuresP] = questions.map(correct) as [
    number | null,
    number | null,
    number | null,
  ];
  // A permutation test that cannot reach 0.05 says nothing against a difference.
  const permutes = smallestP(pairs) < ALPHA;
  return {
    ...comparison,
    means: means && {
      ...means,
      adjusted: meansP,
      // The interval of the t test contains 0 exactly if p ≥ 0.05, and has nothing to add.
      finding: findingOf(means.p, meansP, permutes ? [isSmall(means.permutationP)] : []),
    },
    spread: spread && {
      ...spread,
      adjusted: spreadP,
      finding: findingOf(spread.p, spreadP, [
        // Under six seeds none: Brown and Forsythe's test finds too many differences over four.
        isSmall(spread.permutationP),
        // Without a spread on one side there is no ratio.
        ...(spread.ratio === null ? [] : [excludes(spread.interval, 1)]),
      ]),
    },
    failures: failures && {
      ...failures,
      adjusted: failuresP,
      finding: findingOf(failures.p, failuresP, []),
    },
  };
}

/** @param others what other figures say about a difference */
export function findingFrom(
  p: number | null,
  adjusted: number | null,
  others: readonly boolean[],
): Finding {
  if (isSmall(adjusted) && others.every(Boolean)) return 'shown';
  return isSmall(p) || others.some(Boolean) ? 'hinted' : 'none';
}

export function isSmall(p: number | null): boolean {
  return p !== null && p < ALPHA;
}

function excludes(interval: Interval | null, value: number): boolean {
  return interval !== null && !contains(interval, value);
}
