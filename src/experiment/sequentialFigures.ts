/** Figures of a comparison whose experiment is looked at while seeds come in: they hold whenever one stops. */
import { fisherP, type Rate } from './statistics/failures.ts';
import type { Interval } from './statistics/interval.ts';
import { meanInterval, pairedT } from './statistics/means.ts';
import type { Pair } from './statistics/pairs.ts';
import { signFlipP } from './statistics/permutation.ts';
import { alphaAt, commonInterval, overallP } from './statistics/sequential.ts';
import { deviationDifferences, ratioOfSpreads } from './statistics/spread.ts';

interface SequentialFigures {
  readonly means: {
    readonly p: number | null;
    readonly permutationP: number | null;
    readonly interval: Interval | null;
  };
  readonly spread: SequentialFigures['means'];
  readonly failuresP: number;
}

/**
 * p values of all looks together and what their intervals have in common; `null` before the first look.
 * @param pairs by seed, as they came in
 * @param looks numbers of seeds at all looks; those that were reached have their part in every figure
 */
export function sequentialFigures(
  pairs: readonly Pair[],
  failures: readonly [Rate, Rate],
  looks: readonly number[],
): SequentialFigures {
  const reached = looks.filter((look) => look <= pairs.length).map((look) => pairs.slice(0, look));
  const overall = (of: (pairs: readonly Pair[]) => number | null) =>
    overallP(reached.map(of), looks);
  const common = (of: (pairs: readonly Pair[], alpha: number) => Interval | null) =>
    commonInterval(reached.map((some, look) => of(some, alphaAt(look, looks))));
  const spreadP = overall((some) => signFlipP(deviationDifferences(some)));
  return {
    means: {
      p: overall((some) => {
        const differences = differencesOf(some);
        return pairedT(differences).p ?? signFlipP(differences);
      }),
      permutationP: overall((some) => signFlipP(differencesOf(some))),
      interval: common((some, alpha) => meanInterval(differencesOf(some), alpha)),
    },
    spread: {
      p: spreadP,
      permutationP: spreadP,
      interval: common((some, alpha) => ratioOfSpreads(some, alpha)?.interval ?? null),
    },
    // Bonferroni's correction for the looks.
    failuresP: Math.min(1, looks.length * fisherP(...failures)),
  };
}

function differencesOf(pairs: readonly Pair[]): number[] {
  return pairs.map(([one, other]) => one - other);
}
