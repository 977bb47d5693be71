/** When there are enough seeds: the plan of `seeds: auto`, and its decision. */
import { FIRST_LOOK, type Settling, secondsOf, seedsSchema, settlingOf } from '../config/seeds.ts';
import type { RunManifest } from '../runs/manifest.ts';
import type { Comparison } from './comparison.ts';
import type { Findings } from './findings.ts';
import { halfWidth } from './statistics/interval.ts';
import { LEAST_TO_PERMUTE } from './statistics/permutation.ts';
import { pairsNeeded, powerOfSpread } from './statistics/power.ts';
import { looksUpTo } from './statistics/sequential.ts';

export interface Plan {
  readonly until: Settling['until'];
  /** Numbers of seeds after which is decided whether there are enough. */
  readonly looks: readonly number[];
  /** Seconds of training after which no seeds are added. */
  readonly budget: number;
}

/** `null` for seeds whose number was given: then nobody looks before the end. */
export function planOf({ config }: Pick<RunManifest, 'config'>): Plan | null {
  const { data } = seedsSchema.safeParse(config.seeds);
  const settling = data === undefined ? null : settlingOf(data);
  if (!settling) return null;
  const { until, most, budget } = settling;
  const { difference, spread } = until;
  // Without another target, seeds that show the ratio with 80 % power are enough.
  const enough =
    spread !== undefined && difference === undefined
      ? pairsNeeded((pairs) => powerOfSpread(spread, pairs))
      : null;
  const last = Math.min(most, Math.max(LEAST_TO_PERMUTE, enough ?? most));
  return {
    until,
    looks: looksUpTo(Math.min(FIRST_LOOK, last), last),
    budget: budget === undefined ? Number.POSITIVE_INFINITY : secondsOf(budget),
  };
}

/**
 * Seeds to add before the next look; 0 where the experiment is settled, or has as many as it may.
 *
 * @param seconds of training so far
 */
export function seedsToAdd(
  findings: Findings,
  { until, looks, budget }: Plan,
  seconds: number,
): number {
  const { comparisons, runs } = findings;
  const launched = new Set(runs.map(({ seed }) => seed)).size;
  const next = looks.find((look) => look > launched);
  const isSettled =
    comparisons.length > 0 && comparisons.every((comparison) => settles(comparison, until));
  return next === undefined || isSettled || seconds >= budget ? 0 : next - launched;
}

function settles(
  { means, spread, pairs }: Comparison,
  { difference, spread: ratio }: Settling['until'],
): boolean {
  const isNarrow =
    difference === undefined || (means?.interval ? halfWidth(means.interval) <= difference : false);
  const isShown =
    ratio === undefined || spread?.finding === 'shown' || powerOfSpread(ratio, pairs) >= 0.8;
  return isNarrow && isShown;
}
