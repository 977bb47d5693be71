/** State of the guarantee to conflict with no group, in words: of the latest step, and of all steps so far. */

import type { ConflictPoint } from '../src/extension/messages/points.ts';
import type { GuaranteeCounts, RunHeader } from '../src/extension/messages/run.ts';
import { figure, grouped, magnitude, percent, plural, short } from './format.ts';

/** Of one step. */
type State = 'unmeasured' | 'stationary' | 'held' | 'violated' | 'none' | 'lost' | 'unknown';

/** Sentences; empty where there is nothing to say. */
export interface Verdict {
  /** Of the latest step. */
  readonly now: string;
  /** Of all steps. */
  readonly past: string;
  /** Whether `now` names the gap. */
  readonly hasGap: boolean;
  readonly updates: string;
}

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
export function verdictOf(run: RunHeader, point: ConflictPoint | undefined, k?: number): Verdict {
  return {
    now: point ? nowOf(stateOf(point), point, run, k) : '',
    past: pastOf(run),
    hasGap: point !== undefined && stateOf(point) === 'held' && gapOf(point, run) !== '',
    updates: updatesOf(run.guarantee.counts),
  };
}

/** What became of the directions, in a few words for a caption; empty where the chart says that it is not measured. */
export function directionSummary({ guarantee }: RunHeader, point: ConflictPoint): string {
  const { held, steps, measured, conflicted, violated } = guarantee.counts;
  const among = `${grouped(measured)} steps`;
  if (violated > 0) return `${grouped(violated)} violated · ${among}`;
  if (measured === 0) return '';
  if (conflicted > 0) return `${grouped(conflicted)} conflict · ${among}`;
  const cosine = figure(point.minCosine);
  if (point.stationary) return 'stationary';
  return held === steps ? `${cosine} · direction certified` : `${cosine} · none conflicts`;
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

function stateOf(point: ConflictPoint): State {
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

function pastOf({ method, smoothing, guarantee }: RunHeader): string {
  const { steps, measured, conflicted, violated } = guarantee.counts;
  if (measured === 0) return '';
  const all = measured === steps ? plural(steps, 'step') : `${plural(measured, 'measured step')}`;
  if (violated > 0) return `${grouped(violated)} of ${all} violated the guarantee.`;
  if (conflicted > 0) return `${grouped(conflicted)} of ${all} conflicted with a group.`;
  return method?.nonConflicting && smoothing === 0
    ? `All ${all} certified.`
    : `None of ${all} conflicted with a group.`;
}

function updatesOf({ updates: { conflicted, measured } }: GuaranteeCounts): string {
  if (measured === 0) return '';
  const count = conflicted === 0 ? 'none' : String(conflicted);
  return `Actual updates: ${count} of ${grouped(measured)} conflicted with a group.`;
}
