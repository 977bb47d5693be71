/** Figures of several strata together, such as tasks: each has its own values, and counts the same. */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { mean, sum } from 'simple-statistics';
import { keyedRandom } from '../../engine/keyedRandom.ts';
import { tQuantile, tTails } from './distributions.ts';
import { ALPHA, type Interval } from './interval.ts';
import { hasSpread, middleInterval, summarise } from './summary.ts';

const RESAMPLES = 2000;

export interface StratifiedMean {
  /** Mean of the means of the strata. */
  readonly mean: number;
  /** 95 %; `null` where no stratum has a spread. */
  readonly interval: Interval | null;
  /** Two-sided, of mean 0; `null` as the interval, unless all values are 0. */
  readonly p: number | null;
}

/**
 * The mean over strata with Student's t: standard error √(Σ s²ᵢ/nᵢ)/k, and degrees of freedom by Welch and Satterthwaite,
 * (Σ s²ᵢ/nᵢ)²/Σ (s²ᵢ/nᵢ)²/(nᵢ − 1).
 * @param strata k ≥ 1, each with at least two values
 */
export function stratifiedMean(strata: readonly (readonly number[])[]): StratifiedMean {
  const all = strata.map(summarise);
  const center = mean(all.map((of) => of.mean));
  const errors = all.map((of) => (hasSpread(of) ? of.std ** 2 / of.n : 0));
  const squares = sum(errors);
  if (squares === 0) return { mean: center, interval: null, p: center === 0 ? 1 : null };
  const df = squares ** 2 / sum(errors.map((error, i) => error ** 2 / (all[i]!.n - 1)));
  const error = Math.sqrt(squares) / strata.length;
  const margin = tQuantile(ALPHA, df) * error;
  return {
    mean: center,
    interval: { low: center - margin, high: center + margin },
    p: tTails(center / error, df),
  };
}

/**
 * Intervals of the bootstrap within strata (Agarwal et al. 2021): in each stratum as many runs are drawn with replacement as it has,
 * and the percentiles of the statistics of 2,000 such draws are taken. The same shape always meets the same draws.
 * @param runs of each stratum
 * @param statistics of the runs drawn, given by their places for each stratum
 */
export function stratifiedBootstrap(
  strata: number,
  runs: number,
  statistics: (places: readonly (readonly number[])[]) => readonly number[],
): Interval[] {
  const random = keyedRandom('stratified bootstrap', strata, runs);
  const drawn = Array.from({ length: RESAMPLES }, () =>
    statistics(
      Array.from({ length: strata }, () =>
        Array.from({ length: runs }, () => uniformInt(random, 0, runs - 1)),
      ),
    ),
  );
  return drawn[0]!.map((_, which) => {
    const sorted = drawn.map((values) => values[which]!).sort((a, b) => a - b);
    return middleInterval(sorted);
  });
}
