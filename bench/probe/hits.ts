/** How often advice is right, and which thresholds make it right most often. */

import { mean } from 'simple-statistics';
import { measuredThresholds, type Thresholds } from '../../src/experiment/probe/advice.ts';
import { adviceOn } from '../../src/experiment/probe/probe.ts';
import { type Advised, advisedAggregators } from '../../src/experiment/probe/result.ts';
import { bootstrapInterval } from '../../src/experiment/statistics/bootstrap.ts';
import type { Interval } from '../../src/experiment/statistics/interval.ts';
import type { Outcome } from './outcome.ts';

/** Whether an aggregator is called worth its seeds in a setting. */
export type Adviser = (outcome: Outcome, aggregator: Advised) => boolean;

export const advisedBy =
  (thresholds: Thresholds): Adviser =>
  ({ experiment, probed }, aggregator) =>
    adviceOn(experiment, probed, thresholds).aggregate.includes(aggregator);

/** What one could advise without a probe. */
export const always =
  (...names: readonly Advised[]): Adviser =>
  (_, aggregator) =>
    names.includes(aggregator);

/** Right: what was called worth its seeds beat the mean, and nothing else did. */
export function isRight(adviser: Adviser, outcome: Outcome, aggregator: Advised): boolean {
  return adviser(outcome, aggregator) === (outcome.against[aggregator].truth === 'gain');
}

export interface HitRate {
  readonly settings: number;
  /** Share of advices that were right, three in each setting. */
  readonly rate: number;
  /** Over the settings: the three advices of one are not independent. */
  readonly interval: Interval | null;
  /** Of what was called worth its seeds: how often, and how often it gained or lost. */
  readonly tried: { readonly count: number; readonly gained: number; readonly lost: number };
  /** Gains that there were. */
  readonly gains: number;
}

/** Share of the three advices in a setting that were right. */
function shareRight(adviser: Adviser, outcome: Outcome): number {
  return mean(advisedAggregators.map((name) => Number(isRight(adviser, outcome, name))));
}

/** How much more often one adviser is right than another, paired by setting. */
export function advantage(
  outcomes: readonly Outcome[],
  one: Adviser,
  other: Adviser,
): { readonly difference: number; readonly interval: Interval | null } {
  const differences = outcomes.map(
    (outcome) => shareRight(one, outcome) - shareRight(other, outcome),
  );
  return { difference: mean(differences), interval: bootstrapInterval(differences, mean) };
}

/** @param adviserOf the adviser for a setting, which may have been chosen without it */
export function hitRate(
  outcomes: readonly Outcome[],
  adviserOf: (outcome: Outcome) => Adviser,
): HitRate {
  const advised = outcomes.map((outcome) => ({ outcome, adviser: adviserOf(outcome) }));
  const advices = advised.flatMap(({ outcome, adviser }) =>
    advisedAggregators.map((aggregator) => ({
      isTried: adviser(outcome, aggregator),
      truth: outcome.against[aggregator].truth,
    })),
  );
  const shares = advised.map(({ outcome, adviser }) => shareRight(adviser, outcome));
  const tried = advices.filter(({ isTried }) => isTried);
  return {
    settings: outcomes.length,
    rate: mean(shares),
    interval: bootstrapInterval(shares, mean),
    tried: {
      count: tried.length,
      gained: tried.filter(({ truth }) => truth === 'gain').length,
      lost: tried.filter(({ truth }) => truth === 'loss').length,
    },
    gains: advices.filter(({ truth }) => truth === 'gain').length,
  };
}

const candidates: readonly Thresholds[] = [0.15, 0.2, 0.25, 0.3, 0.4].flatMap((conflict) =>
  [0.5, 0.7, 0.9, 1].flatMap((littleSay) =>
    [1.25, 1.5, 1.75, 2, 2.5].map((highLoss) => ({
      ...measuredThresholds,
      ...{ conflict, littleSay, highLoss },
    })),
  ),
);

/** The candidate that is right most often; of equals the most central one. */
export function chosenOn(outcomes: readonly Outcome[]): Thresholds {
  const scored = candidates.map((thresholds) => {
    const adviser = advisedBy(thresholds);
    const right = outcomes.flatMap((outcome) =>
      advisedAggregators.filter((name) => isRight(adviser, outcome, name)),
    );
    return { thresholds, right: right.length };
  });
  const most = Math.max(...scored.map(({ right }) => right));
  const best = scored.filter(({ right }) => right === most).map(({ thresholds }) => thresholds);
  const centre = keys.map((key) => mean(best.map((thresholds) => thresholds[key])));
  const distance = (thresholds: Thresholds) =>
    keys.reduce((sum, key, i) => sum + Math.abs(Math.log(thresholds[key] / centre[i]!)), 0);
  return best.reduce((one, other) => (distance(other) < distance(one) ? other : one));
}

const keys = ['conflict', 'littleSay', 'highLoss'] as const;
