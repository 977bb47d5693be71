/** State of the guarantee to conflict with no group, in words: of the latest step, and of all steps so far. */

import type { ConflictPoint } from '../src/extension/messages/points.ts';
import type { RunHeader } from '../src/extension/messages/run.ts';
import { magnitude, percent, plural, short } from './format.ts';

/** Counted over all steps, not only those drawn. */
export interface Tally {
  readonly steps: number;
  /** Steps for which it is known which groups they conflict with. */
  readonly measured: number;
  /** Steps whose direction conflicts with a group, or is meaningless because gradients are not finite. */
  readonly conflicted: number;
  /** Those of them that violated the guarantee. */
  readonly violated: number;
  /** Steps whose actual update was measured, and those of them whose update conflicts with a group. */
  readonly updates: number;
  readonly conflictingUpdates: number;
}

export const noSteps: Tally = {
  steps: 0,
  measured: 0,
  conflicted: 0,
  violated: 0,
  updates: 0,
  conflictingUpdates: 0,
};

export function counted(tally: Tally, points: readonly ConflictPoint[]): Tally {
  const count = (is: (point: ConflictPoint) => boolean) => points.filter(is).length;
  return {
    steps: tally.steps + points.length,
    measured: tally.measured + count(({ certified }) => certified !== null),
    conflicted: tally.conflicted + count(({ certified }) => certified === false),
    violated: tally.violated + count(({ guarantee }) => guarantee === 'violated'),
    updates: tally.updates + count(({ updateConflictsWith }) => updateConflictsWith !== null),
    conflictingUpdates:
      tally.conflictingUpdates + count((point) => (point.updateConflictsWith ?? 0) > 0),
  };
}

export type State =
  | 'waiting'
  | 'unmeasured'
  | 'stationary'
  | 'held'
  | 'violated'
  | 'none'
  | 'lost'
  | 'unknown';

export interface Verdict {
  readonly state: State;
  readonly badge: string;
  /** Sentences; empty where there is nothing to say. */
  readonly now: string;
  readonly past: string;
  readonly updates: string;
}

const BADGES: Readonly<Record<State, string>> = {
  waiting: 'no step yet',
  unmeasured: 'not measured',
  stationary: 'stationary',
  held: 'certified',
  violated: 'guarantee violated',
  none: 'no guarantee',
  lost: 'guarantee lost',
  unknown: 'guarantee unknown',
};

/** The column "guarantee" of data tables. */
export function formatGuarantee({ guarantee }: ConflictPoint): string {
  switch (guarantee) {
    case 'held':
    case 'violated':
      return guarantee;
    case 'none':
      return 'none given';
    case 'lost':
      return 'lost by smoothing';
    case 'unmeasured':
      return 'not measured';
    case null:
      return 'unknown';
  }
}

/** @param k number of groups in the latest step, if known */
export function verdictOf(
  run: RunHeader,
  point: ConflictPoint | undefined,
  tally: Tally,
  k?: number,
): Verdict {
  const state = stateOf(point);
  return {
    state,
    badge: BADGES[state],
    now: point ? nowOf(state, point, run, k) : '',
    past: pastOf(run, tally),
    updates: updatesOf(tally),
  };
}

/** A verdict in a few words, for a caption. */
export function summaryOf(
  { state, badge }: Verdict,
  { measured, conflicted, violated }: Tally,
): string {
  if (violated > 0) return `guarantee violated × ${violated}`;
  if (state === 'unmeasured' || conflicted === 0) return badge;
  return `${conflicted} of ${measured} conflict`;
}

/** Why the log does not show which groups a direction conflicts with. */
export function reasonOf(unmeasured: ConflictPoint['unmeasured']): string {
  switch (unmeasured) {
    case 'one-by-one':
      return 'gradients are computed one after another, so their inner products are unknown';
    case 'no-gram':
      return 'the log has no Gram matrix';
    case 'no-weights':
      return 'the log has neither weights nor measured inner products of the direction';
    case null:
      return 'the gradients are not finite';
  }
}

function stateOf(point: ConflictPoint | undefined): State {
  if (!point) return 'waiting';
  if (point.unmeasured !== null || point.guarantee === 'unmeasured') return 'unmeasured';
  if (point.stationary) return 'stationary';
  return point.guarantee ?? 'unknown';
}

function nowOf(state: State, point: ConflictPoint, run: RunHeader, k?: number): string {
  const { method, metric } = run;
  const name = method?.name ?? run.aggregator;
  const conflict = `This step conflicts with ${groupsOf(point, k)}`;
  const where = metric === 'preconditioned' ? ' in the preconditioned metric' : '';
  switch (state) {
    case 'waiting':
      return '';
    case 'unmeasured': {
      const guarantee = method && !method.nonConflicting ? ` ${name} gives no guarantee.` : '';
      return `Which groups this step conflicts with is unknown: ${reasonOf(point.unmeasured)}.${guarantee}`;
    }
    case 'stationary':
      return 'The direction is zero to rounding: no direction improves every group.';
    case 'held':
      return `${conflict}${where}${gapOf(point, run)}.`;
    case 'violated':
      return point.minCosine === null
        ? 'A gradient with nonzero weight is not finite, so the guarantee cannot hold.'
        : `${conflict}${where}, although ${name} guarantees to conflict with none.`;
    case 'none':
      return `${conflict}${where}; ${name} gives no guarantee.`;
    case 'lost':
      return `${conflict}${where}. The guarantee of ${name} is lost: smoothing keeps ${short(run.smoothing)} of the previous step’s weights.`;
    case 'unknown':
      return `${conflict}${where}; whether ${run.aggregator} gives a guarantee is unknown to this version.`;
  }
}

function groupsOf({ conflictsWith }: ConflictPoint, k: number | undefined): string {
  if (conflictsWith === null) return 'an unknown number of groups';
  if (conflictsWith === 0) return 'no group';
  if (k === undefined) return `${percent(conflictsWith)} of the groups`;
  return `${Math.round(conflictsWith * k)} of ${plural(k, 'group')}`;
}

/** The gap is meaningful only for weights that should give the shortest direction. */
function gapOf({ relativeGap }: ConflictPoint, { method, smoothing }: RunHeader): string {
  const counts = method?.minimumNorm && smoothing === 0 && relativeGap !== null;
  return counts ? `; gap ${magnitude(relativeGap)}` : '';
}

function pastOf(
  { method, smoothing }: RunHeader,
  { steps, measured, conflicted, violated }: Tally,
) {
  if (measured === 0) return '';
  const all = measured === steps ? plural(steps, 'step') : `${plural(measured, 'measured step')}`;
  if (violated > 0) return `${violated} of ${all} violated the guarantee.`;
  if (conflicted > 0) return `${conflicted} of ${all} conflicted with a group.`;
  return method?.nonConflicting && smoothing === 0
    ? `All ${all} certified.`
    : `None of ${all} conflicted with a group.`;
}

function updatesOf({ updates, conflictingUpdates }: Tally): string {
  if (updates === 0) return '';
  const count = conflictingUpdates === 0 ? 'none' : String(conflictingUpdates);
  return `Actual updates: ${count} of ${updates} conflicted with a group.`;
}
