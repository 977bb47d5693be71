/** What became of the promise to step against no group, in words: of the latest step, and of all steps so far. */

import type { ConflictPoint } from '../src/extension/messages/points.ts';
import type { RunHeader } from '../src/extension/messages/run.ts';
import { magnitude, percent, plural, short } from './format.ts';

/** Counted over all steps, not only those drawn. */
export interface Tally {
  readonly steps: number;
  /** Steps of which it is known whom their direction goes against. */
  readonly measured: number;
  /** Steps whose direction went against a group, or has no meaning for want of finite gradients. */
  readonly against: number;
  /** Those of them that broke a promise. */
  readonly broken: number;
  /** Steps whose actual update was measured, and those of them that went against a group. */
  readonly updates: number;
  readonly updatesAgainst: number;
}

export const noSteps: Tally = {
  steps: 0,
  measured: 0,
  against: 0,
  broken: 0,
  updates: 0,
  updatesAgainst: 0,
};

export function counted(tally: Tally, points: readonly ConflictPoint[]): Tally {
  const count = (is: (point: ConflictPoint) => boolean) => points.filter(is).length;
  return {
    steps: tally.steps + points.length,
    measured: tally.measured + count(({ certified }) => certified !== null),
    against: tally.against + count(({ certified }) => certified === false),
    broken: tally.broken + count(({ guarantee }) => guarantee === 'broken'),
    updates: tally.updates + count(({ updateAgainst }) => updateAgainst !== null),
    updatesAgainst: tally.updatesAgainst + count((point) => (point.updateAgainst ?? 0) > 0),
  };
}

export type State =
  | 'waiting'
  | 'unmeasured'
  | 'stationary'
  | 'kept'
  | 'broken'
  | 'none'
  | 'lost'
  | 'unknown';

export interface Verdict {
  readonly state: State;
  readonly badge: string;
  /** Sentences, or nothing where there is nothing to say. */
  readonly now: string;
  readonly past: string;
  readonly updates: string;
}

const BADGES: Readonly<Record<State, string>> = {
  waiting: 'no step yet',
  unmeasured: 'not measured',
  stationary: 'stationary',
  kept: 'certified',
  broken: 'promise broken',
  none: 'no promise',
  lost: 'promise lost',
  unknown: 'promise unknown',
};

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

/** The same in a few words, for a caption. */
export function briefly({ state, badge }: Verdict, { measured, against, broken }: Tally): string {
  if (broken > 0) return `promise broken × ${broken}`;
  if (state === 'unmeasured' || against === 0) return badge;
  return `${against} of ${measured} against`;
}

/** Why the log does not tell whom a direction goes against. */
export function reasonOf(unmeasured: ConflictPoint['unmeasured']): string {
  switch (unmeasured) {
    case 'one-by-one':
      return 'gradients are taken one after another, so their inner products are not known';
    case 'no-gram':
      return 'the log of the run has no Gram matrix';
    case 'no-weights':
      return 'the log of the run has neither weights nor measured inner products of the direction';
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
  const against = `This step goes against ${groupsOf(point, k)}`;
  const where = metric === 'preconditioned' ? ' in the preconditioned metric' : '';
  switch (state) {
    case 'waiting':
      return '';
    case 'unmeasured': {
      const promise = method && !method.nonConflicting ? ' Nothing is promised.' : '';
      return `Whom it goes against is not known: ${reasonOf(point.unmeasured)}.${promise}`;
    }
    case 'stationary':
      return 'The direction is zero to rounding: no direction serves every group.';
    case 'kept':
      return `${against}${where}${gapOf(point, run)}.`;
    case 'broken':
      return point.minCosine === null
        ? 'A gradient that carries weight is not finite, so the step cannot be what was promised.'
        : `${against}${where}, though ${method?.name ?? run.aggregator} promises to go against none.`;
    case 'none':
      return `${against}${where}; ${method?.name ?? run.aggregator} does not promise to spare any.`;
    case 'lost':
      return `${against}${where}. ${lossOf(run)}`;
    case 'unknown':
      return `${against}${where}; what ${run.aggregator} promises is not known to this version.`;
  }
}

function groupsOf({ against }: ConflictPoint, k: number | undefined): string {
  if (against === null) return 'an unknown number of groups';
  if (against === 0) return 'no group';
  if (k === undefined) return `${percent(against)} of the groups`;
  return `${Math.round(against * k)} of ${plural(k, 'group')}`;
}

/** The gap says something of weights that should be the shortest, and of no others. */
function gapOf({ relativeGap }: ConflictPoint, { method, smoothing }: RunHeader): string {
  const counts = method?.minimumNorm && smoothing === 0 && relativeGap !== null;
  return counts ? `; gap ${magnitude(relativeGap)}` : '';
}

function lossOf({ method, aggregator, smoothing }: RunHeader): string {
  const name = method?.name ?? aggregator;
  return smoothing > 0
    ? `The promise of ${name} is lost: smoothing keeps ${short(smoothing)} of the last step’s weights.`
    : `The promise of ${name} is lost: inner products were taken in another metric than the step.`;
}

function pastOf({ method, smoothing }: RunHeader, { steps, measured, against, broken }: Tally) {
  if (measured === 0) return '';
  const all = measured === steps ? plural(steps, 'step') : `${plural(measured, 'measured step')}`;
  if (broken > 0) return `${broken} of ${all} broke the promise.`;
  if (against > 0) return `${against} of ${all} went against a group.`;
  return method?.nonConflicting && smoothing === 0
    ? `All ${all} certified.`
    : `None of ${all} went against a group.`;
}

function updatesOf({ updates, updatesAgainst }: Tally): string {
  if (updates === 0) return '';
  const count = updatesAgainst === 0 ? 'none' : String(updatesAgainst);
  return `Actual updates: ${count} of ${updates} went against a group.`;
}
