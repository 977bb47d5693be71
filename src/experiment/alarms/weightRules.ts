/** Rules on the weights of groups that are the same in every step: who decides, and who has no say. */

import { median } from 'simple-statistics';
import type { StepEvent } from '../../runs/events.ts';
import { formatCount, formatNumber, formatPercent } from '../../runs/format.ts';
import { hasLastingGroups } from '../../runs/manifest.ts';
import { capitalized } from '../wording.ts';
import { GroupLosses, Recent, Series } from './recent.ts';
import { fact, formatGroups, type Rule } from './rule.ts';

const A_QUARTER = 0.25;
const FEW_EXAMPLES = 5;
/** Of an even share of the training examples. */
const SMALL = 0.25;
/** Steps with the group. */
const OFTEN = 10;

export const fewExamples: Rule = {
  condition: `A group of at most ${FEW_EXAMPLES} training examples, and at most a quarter of n/k of all n, has an average weight of at least ${A_QUARTER} in the steps that contain it: an exponential average over about 20 of them, from the ${OFTEN}th on. Over below half of that.`,
  reason:
    'A group counts as one whatever its size. A class with a single example, perhaps a typing error, then decides as much as all others.',
  watch(run) {
    const { examples, names } = run.groups;
    if (!examples || names.length < 2) return null;
    const even = examples.reduce((sum, count) => sum + count, 0) / names.length;
    const isSmall = (count: number) => count <= Math.min(FEW_EXAMPLES, SMALL * even);
    const weights = new Map(
      examples.flatMap((count, group) => (isSmall(count) ? [[group, new Series()] as const] : [])),
    );
    if (weights.size === 0) return null;
    return {
      step({ event }) {
        const shares = sharesOf(event);
        if (!shares) return undefined;
        for (const [i, group] of event.groups.entries()) {
          weights.get(group)?.push(shares[i]!);
        }
        const known = [...weights].filter(([, { count }]) => count >= OFTEN);
        const heavy = known.filter(([, { latest }]) => latest >= A_QUARTER);
        const [first] = heavy;
        if (!first) {
          return known.every(([, { latest }]) => latest < A_QUARTER / 2) ? null : undefined;
        }
        const [group, { latest }] = first;
        const groups = heavy.map(([of]) => of);
        const rest = groups.length > 1 ? ` (also ${formatGroups(run, groups.slice(1))})` : '';
        return {
          message: `${capitalized(formatGroups(run, [group]))} has ${formatCount(examples[group]!, 'training example')} and a weight of ${formatNumber(latest, 2)}${rest}. Add examples, leave the group out, or group by microbatch.`,
          figures: { weight: latest, examples: examples[group]! },
          groups,
        };
      },
    };
  },
};

const ALL = 0.99;
const LONG = 50;
const MOST = 0.9;
const HALF = 0.5;

export const dominantGroup: Rule = {
  condition: `The same group has at least ${ALL} of the weight in ${formatPercent(MOST)} of the last ${LONG} steps. Over at ${formatPercent(HALF)}.`,
  reason:
    'The direction is then the gradient of one group: with the shortest vector, of the one that is fitted first.',
  watch(run) {
    if (!hasLastingGroups(run) || run.groups.names.length < 2) return null;
    const dominated = run.groups.names.map(() => new Recent(LONG));
    return {
      step({ event }) {
        const shares = sharesOf(event);
        if (!shares) return undefined;
        const of = (group: number) => shares[event.groups.indexOf(group)] ?? 0;
        for (const [group, recent] of dominated.entries()) recent.push(of(group) >= ALL);
        const group = dominated.findIndex(({ share }) => share >= MOST);
        if (group < 0) return dominated.every(({ share }) => share <= HALF) ? null : undefined;
        return {
          message: `${capitalized(formatGroups(run, [group]))} has had nearly all of the weight for ${LONG} steps (now ${formatNumber(of(group), 3)}): the others have no say. Aggregate with grain-normalized, upgrad or mean, or group by microbatch.`,
          figures: { weight: of(group) },
          groups: [group],
        };
      },
    };
  },
};

/** Of an even share 1/k. */
const STARVED = 0.05;
const STARVED_STEPS = 100;
const WORSE = 2;

export const starvedGroup: Rule = {
  condition: `A group has less than ${STARVED}/k of the weight in ${formatPercent(MOST)} of the last ${STARVED_STEPS} steps, and its loss is more than ${WORSE} times the median of the groups’ losses (exponential averages over about 20 steps). Over at ${formatPercent(HALF)} of the steps.`,
  reason:
    'An aggregator that leaves out a group whose examples contradict the others does what it is for, and the run may be the better for it; but the user should know which group it is, and look at its labels.',
  watch(run) {
    const count = run.groups.names.length;
    if (!hasLastingGroups(run) || count < 3) return null;
    const starved = run.groups.names.map(() => new Recent(STARVED_STEPS));
    const losses = new GroupLosses(count);
    return {
      step({ event }) {
        losses.push(event);
        const shares = sharesOf(event);
        if (!shares) return undefined;
        for (const [i, group] of event.groups.entries()) {
          starved[group]?.push(shares[i]! < STARVED / event.groups.length);
        }
        const middle = medianOf(losses.of.map(({ latest }) => latest));
        const groups = starved.flatMap(({ share }, group) =>
          share >= MOST && losses.of[group]!.latest > WORSE * middle ? [group] : [],
        );
        const [worst] = groups;
        if (worst === undefined) {
          return starved.every(({ share }) => share <= HALF) ? null : undefined;
        }
        const { latest } = losses.of[worst]!;
        return {
          message: `${capitalized(formatGroups(run, groups))} ${groups.length > 1 ? 'have' : 'has'} had almost no weight for ${STARVED_STEPS} steps, at a loss of ${formatNumber(latest)} (median of the groups: ${formatNumber(middle)}). Check the labels of ${groups.length > 1 ? 'their' : 'its'} examples; if they are right, aggregate with grain-normalized, upgrad or mean.`,
          figures: { loss: fact(latest), medianLoss: fact(middle) },
          groups,
        };
      },
    };
  },
};

/** |wᵢ| / Σ|w|; null without weights, and for a skipped step. */
function sharesOf({ weights }: StepEvent): number[] | null {
  const sum = weights?.reduce((total, weight) => total + Math.abs(weight), 0) ?? 0;
  return weights && sum > 0 ? weights.map((weight) => Math.abs(weight) / sum) : null;
}

function medianOf(values: readonly number[]): number {
  const finite = values.filter(Number.isFinite);
  return finite.length === 0 ? Number.NaN : median(finite);
}
