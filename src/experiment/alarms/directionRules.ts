/** Rules on the direction and the update: training stands still, or works against groups. */
import { guaranteeOf } from '../../engine/guarantee.ts';
import type { Fact, StepEvent } from '../../runs/events.ts';
import { countsOf } from '../../runs/facts.ts';
import { formatNumber, formatPercent } from '../../runs/format.ts';
import { hasLastingGroups } from '../../runs/manifest.ts';
import { GroupLosses, Recent } from './recent.ts';
import { fact, formatGroups, type Rule } from './rule.ts';

const STALLED = 0.1;
const STALLED_STEPS = 30;
/** Of these steps, to raise the alarm and to clear it. */
const MOST = 0.9;
const FEW = 0.5;
const UNLEARNT = 0.2;
/** Of the groups, and at least two; of classes one is enough. */
const A_THIRD = 1 / 3;

export const stalledDirection: Rule = {
  condition: `‖d‖/‖ḡ‖ < ${STALLED} in ${formatPercent(MOST)} of the last ${STALLED_STEPS} steps, while the loss of at least a third of the groups, and of two, is above ${UNLEARNT} of its beginning; with groups by label, the loss of one. Loss: an exponential average over about 20 steps; beginning: the mean of the first 5. Over when ‖d‖/‖ḡ‖ < ${STALLED} in at most ${formatPercent(FEW)} of the last ${STALLED_STEPS} steps.`,
  reason:
    'The shortest vector is zero wherever the groups’ gradients balance, and one fitted group with a gradient near zero is enough ([guarantee](guarantee.md)). AdamW then makes steps of full length along rounding and old momentum. A single source whose loss stays high may be left out on purpose, as it is if mislabelled; a class is not.',
  watch(run) {
    const { by, names } = run.groups;
    const least = by === 'label' ? 1 : Math.max(2, A_THIRD * names.length);
    const short = new Recent(STALLED_STEPS);
    const losses = new GroupLosses(names.length);
    return {
      step({ event, diagnostics }) {
        losses.push(event);
        const ratio = diagnostics?.normRatio ?? Number.NaN;
        // Nothing is known of the length, or the mean is zero itself.
        if (Number.isNaN(ratio)) return undefined;
        short.push(ratio < STALLED);
        if (short.share <= FEW) return null;
        const unlearnt = losses.of.flatMap(({ latest, first }, group) =>
          latest > UNLEARNT * first ? [group] : [],
        );
        if (short.share < MOST || unlearnt.length < least) return undefined;
        const heaviest = heaviestGroup(event);
        const holder =
          heaviest && hasLastingGroups(run)
            ? `${formatGroups(run, [heaviest.group])} decides it with a weight of ${formatNumber(heaviest.weight, 2)}, and the loss of ${formatGroups(run, unlearnt)} stays high`
            : 'the groups’ gradients balance, while their losses stay high';
        return {
          message: `Training stands still: the direction has ${formatNumber(ratio, 2)} of the mean gradient’s length, as ${holder}. Aggregate with grain-normalized, upgrad or mean, or group by microbatch.`,
          figures: { normRatio: fact(ratio), weight: heaviest ? fact(heaviest.weight) : null },
          groups: unlearnt,
        };
      },
    };
  },
};

function heaviestGroup({
  groups,
  weights,
}: {
  readonly groups: readonly number[];
  readonly weights: readonly number[] | null;
}): { group: number; weight: number } | null {
  if (!weights || weights.length === 0) return null;
  const weight = Math.max(...weights);
  return { group: groups[weights.indexOf(weight)]!, weight };
}

const GUARDED_STEPS = 20;
const RARE = 0.1;
/** Of the descent of the update that the optimizer proposed. */
const LEFT = 0.1;

export const guardStalled: Rule = {
  condition: `The guard left less than ${LEFT} of the update’s descent in ${formatPercent(FEW)} of the last ${GUARDED_STEPS} steps. Over at ${formatPercent(RARE)}. Descent of Δ: Σ sᵢ max(0, ⟨Δ, gᵢ⟩), with the number of examples sᵢ of each group.`,
  reason:
    'Where the groups cannot agree, only an update that moves no group’s loss conflicts with none. It need not be short: what the guard leaves of AdamW’s update may lie across all gradients, and keep nine tenths of the length while no loss falls. Single steps of that kind are what a guard is for; a run that consists of them does not train.',
  watch({ aggregation: { guard } }) {
    if (guard === null) return null;
    const stalled = new Recent(GUARDED_STEPS);
    return {
      step({ event }) {
        stalled.push(isStalled(event));
        if (stalled.share <= RARE) return null;
        if (stalled.share < FEW) return undefined;
        const share = formatPercent(stalled.share);
        return {
          message: `The guard left little or nothing of the update’s descent in ${share} of the last ${GUARDED_STEPS} steps: what the optimizer proposes makes some group worse. Give it an allowance, such as guard: 0.1.`,
          figures: { stalled: stalled.share },
          groups: [...event.groups],
        };
      },
    };
  },
};

/** Whether a guard left little of the descent that the optimizer proposed, or nothing but rounding. */
function isStalled({ update, guard, ...event }: StepEvent): boolean {
  if (!guard) return false;
  const counts = countsOf(event);
  const descentOf = (inner: readonly Fact[] = []) =>
    inner.reduce<number>((sum, product, i) => sum + counts[i]! * Math.max(0, product ?? 0), 0);
  return guard.stalled || descentOf(update?.inner) < LEFT * descentOf(guard.proposed.inner);
}

const HELD_STEPS = 20;

export const guaranteeViolated: Rule = {
  condition: `The direction conflicts with a group, beyond rounding, though the aggregator guarantees that it does not. Over after ${HELD_STEPS} steps in which the guarantee held.`,
  reason: 'Either a gradient was wrong, or the aggregation is: it must not happen.',
  watch(run) {
    const violated = new Recent(HELD_STEPS);
    return {
      step({ event, diagnostics }) {
        if (!diagnostics) return undefined;
        const state = guaranteeOf(run.aggregation, diagnostics);
        if (state !== 'held' && state !== 'violated') return undefined;
        // A direction that is not finite is violated too, which another rule reports.
        const groups = (diagnostics.conflictsWith ?? []).map((i) => event.groups[i]!);
        violated.push(groups.length > 0);
        if (groups.length === 0) return violated.share === 0 ? null : undefined;
        return {
          message: `The direction conflicts with ${formatGroups(run, groups)}, though ${run.aggregator} guarantees that it does not. Report it, with the run's folder.`,
          figures: { minCosine: fact(diagnostics.minCosine ?? Number.NaN) },
          groups,
        };
      },
    };
  },
};

const CONFLICT_STEPS = 50;

export const updateConflict: Rule = {
  condition: `The update conflicts with more than half of the groups in ${formatPercent(FEW)} of the last ${CONFLICT_STEPS} steps. Over below ${formatPercent(FEW / 2)}.`,
  reason:
    'The guarantee is about the direction; momentum, the preconditioner and decay make another update of it ([guarantee](guarantee.md)). Conflicts with a few groups in many steps are usual, and were harmless in the runs measured. Updates that conflict with most groups no longer descend.',
  watch(run) {
    const against = new Recent(CONFLICT_STEPS);
    return {
      step({ event, diagnostics }) {
        const conflicts = diagnostics?.updateConflictsWith;
        if (!conflicts) return undefined;
        against.push(2 * conflicts.length > event.groups.length);
        if (against.share < FEW / 2) return null;
        if (against.share < FEW || 2 * conflicts.length <= event.groups.length) return undefined;
        const groups = conflicts.map((i) => event.groups[i]!);
        return {
          message: `In ${formatPercent(against.share)} of the last ${CONFLICT_STEPS} steps the update made more than half of the groups worse, in this one ${formatGroups(run, groups)}. Add guard: true to the aggregator, or take grain-normalized.`,
          figures: { share: against.share },
          groups,
        };
      },
    };
  },
};
