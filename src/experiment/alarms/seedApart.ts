/** A run that ended far below the other seeds of its method: what no run alone can show. */
import { median } from 'simple-statistics';
import { formatNumber } from '../../runs/format.ts';
import { type Finding, fact, type Judgement, type Rule } from './rule.ts';

/** Other seeds that have finished. */
const SIBLINGS = 3;
/** Of what the siblings gained. */
const HALF = 0.5;
/** Of the siblings must agree, to within this share of the run's distance to them. */
const MOST = 0.75;
const NEAR = 0.25;

export const seedApart: Rule = {
  condition: `Of runs that differ only in their seeds, at least ${SIBLINGS} others have finished. The run’s last validation is worse than their median by more than ${HALF} of what that median is better than the mean of all first validations; and ${MOST} of the others are within ${NEAR} of that distance from their median. Compared is the metric that ranks checkpoints, when a run ends; a metric that is not finite is the worst. Over once more seeds have shown otherwise.`,
  reason:
    'Whether a seed failed or the task is hard shows only beside other seeds. A run that lacks half of what the others have learnt has failed, and one number of it in a mean or a spread says little. Where seeds differ by chance alone, no distance is four times that of most others. `stop` has no effect here: such a run has ended.',
  // Judged where runs end, from all of them.
  watch: () => null,
};

/** A finished run, by the metric that ranks its checkpoints. */
export interface SeedResult {
  /** At the first validation, before training, and at the last; not finite where the metric was not. */
  readonly first: number;
  readonly last: number;
}

/**
 * @param results of all finished seeds of a method
 * @param better what is better of their metric
 * @returns for each of them what is wrong; null: nothing; undefined: too few seeds to tell
 */
export function judgeSeeds(
  metric: { readonly name: string; readonly better: 'higher' | 'lower' },
  results: readonly SeedResult[],
): Judgement[] {
  const sign = metric.better === 'higher' ? 1 : -1;
  const firsts = results.map(({ first }) => first).filter(Number.isFinite);
  const start =
    firsts.length === 0 ? 0 : firsts.reduce((sum, first) => sum + first) / firsts.length;
  const gains = results.map(({ last }) => (Number.isFinite(last) ? sign * (last - start) : 0));
  return results.map(({ last }, seed): Judgement => {
    const others = gains.toSpliced(seed, 1);
    if (others.length < SIBLINGS) return undefined;
    const middle = median(others);
    const distance = middle - gains[seed]!;
    const near = others.filter((gain) => Math.abs(gain - middle) <= NEAR * distance);
    const isApart = distance > HALF * middle && distance > 0 && near.length >= MOST * others.length;
    return isApart ? findingOf(metric.name, last, start + sign * middle, others.length) : null;
  });
}

function findingOf(metric: string, last: number, middle: number, others: number): Finding {
  return {
    message: `This seed is far from the others: ${metric} ${formatNumber(last)}, the median of ${others} others ${formatNumber(middle)}. Read results without it too; a longer optimizer.warmup or a lower optimizer.learningRate makes such seeds rarer.`,
    figures: { value: fact(last), others: middle },
    groups: [],
  };
}
