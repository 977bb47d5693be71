/** What became of a run's guarantee, in words: the same in the panels, the explorer and `grain show`. */
import * as z from 'zod';
import { knownAggregator } from '../engine/aggregators/registry.ts';
import { canBeGuarded, keepsGradients } from '../engine/guarantee.ts';
import type { AggregationSettings } from '../engine/types.ts';
import { formatList, formatShare } from './format.ts';
import type { GuaranteeCounts, GuaranteeTally, UpdateCounts } from './guaranteeTally.ts';
import type { RunManifest } from './manifest.ts';

/**
 * Over all steps so far, of the direction d and the update Δ:
 * - `certified`: neither conflicted with a group in any step. The only state without a reservation.
 * - `updatesConflict`: d conflicted with none, Δ did.
 * - `updatesUnmeasured`: d conflicted with none; Δ was not measured in every step.
 * - `violated`: d conflicted with a group although the aggregator guarantees that it does not.
 * - `stationary`: the latest d is zero to rounding.
 * - `unmeasured`: it is not known of every d whether it conflicts.
 * - `none`, `lost`, `unknown`: the aggregator gives no guarantee, smoothing loses it, or the aggregator is unknown.
 */
export type BadgeState =
  | 'waiting'
  | 'certified'
  | 'updatesConflict'
  | 'updatesUnmeasured'
  | 'violated'
  | 'stationary'
  | 'unmeasured'
  | 'none'
  | 'lost'
  | 'unknown';

export interface GuaranteeBadge {
  readonly state: BadgeState;
  /** A few words: "direction certified, 44 % of updates conflict (AdamW)". */
  readonly text: string;
  /** What that means, in sentences for readers who have not met the words. */
  readonly meaning: string;
  /** What would keep updates from conflicting, in a sentence; null where nothing is to be done, or known. */
  readonly remedy: string | null;
}

interface Settings {
  readonly aggregation: AggregationSettings<string>;
  readonly config: RunManifest['config'];
}

export function badgeOf(
  settings: Settings,
  { counts, isStationary }: Pick<GuaranteeTally, 'counts' | 'isStationary'>,
): GuaranteeBadge {
  const state = stateOf(settings.aggregation, counts, isStationary);
  const optimizer = optimizerOf(settings.config);
  return {
    state,
    text: textOf(state, counts, movedBy(settings.aggregation, optimizer)),
    meaning: meaningOf(state, settings.aggregation, counts, optimizer),
    remedy: remedyOf(state, settings.aggregation, optimizer),
  };
}

/** "mean, same seed: 31 %"; empty without measured updates. @param mean of the mean's run of the same experiment and seed */
export function besideMean(mean: UpdateCounts | null): string {
  if (!mean || mean.measured === 0) return '';
  return `mean, same seed: ${formatShare(mean.conflicted, mean.measured)}`;
}

function stateOf(
  { name, smoothing }: AggregationSettings<string>,
  { steps, held, violated, measured, updates }: GuaranteeCounts,
  isStationary: boolean,
): BadgeState {
  const description = knownAggregator(name);
  if (steps === 0) return 'waiting';
  if (violated > 0) return 'violated';
  if (held === steps && updates.conflicted > 0) return 'updatesConflict';
  if (isStationary) return 'stationary';
  if (measured < steps) return 'unmeasured';
  if (!description) return 'unknown';
  if (!description.properties.nonConflicting) return 'none';
  if (smoothing > 0) return 'lost';
  if (held < steps) return 'unknown';
  return updates.measured < steps ? 'updatesUnmeasured' : 'certified';
}

function textOf(state: BadgeState, counts: GuaranteeCounts, moved: string): string {
  const updates = updatesText(counts, moved);
  switch (state) {
    case 'waiting':
      return 'no step yet';
    case 'violated':
      return 'guarantee violated';
    case 'certified':
      return `certified, ${updates}`;
    case 'updatesConflict':
    case 'updatesUnmeasured':
      return `direction certified, ${updates}`;
    case 'stationary':
      return `stationary, ${updates}`;
    case 'unmeasured':
      if (counts.measured > 0) {
        return `direction measured in ${counts.measured} of ${counts.steps} steps, ${updates}`;
      }
      return counts.updates.measured === 0 ? 'not measured' : `direction not measured, ${updates}`;
    case 'none':
      return `no guarantee, ${updates}`;
    case 'lost':
      return `guarantee lost, ${updates}`;
    case 'unknown':
      return `guarantee unknown, ${updates}`;
  }
}

/** @param moved what made the updates, in brackets */
function updatesText({ steps, updates }: GuaranteeCounts, moved: string): string {
  const { conflicted, measured } = updates;
  if (measured === 0) return 'updates not measured';
  if (conflicted > 0) return `${formatShare(conflicted, measured)} of updates conflict${moved}`;
  return measured < steps
    ? `updates measured in ${measured} of ${steps} steps`
    : 'no update conflicts';
}

const FIRST_ORDER = 'To first order, a step that conflicts with a group makes that group worse.';

function meaningOf(
  state: BadgeState,
  { name, smoothing }: AggregationSettings<string>,
  { violated, steps, updates }: GuaranteeCounts,
  optimizer: Optimizer | null,
): string {
  const means = meansOf(optimizer);
  switch (state) {
    case 'waiting':
      return '';
    case 'certified':
      return `In every step so far the direction conflicted with no group, and neither did the update, which is what ${means} made of it and what moved the parameters. ${FIRST_ORDER}`;
    case 'updatesConflict':
      return `The direction, which ${name} chose, conflicted with no group in any step. What moves the parameters is the update that ${means} makes of it, and that conflicted with a group in ${updates.conflicted} of ${updates.measured} steps. ${FIRST_ORDER}`;
    case 'updatesUnmeasured':
      return `The direction conflicted with no group in any step. What moves the parameters is the update that ${means} makes of it; whether that did was not measured${measurable(name) ? ' in every step' : `: ${name} frees the gradients of the groups before the update`}. ${FIRST_ORDER}`;
    case 'violated':
      return `${name} guarantees a direction that conflicts with no group. In ${violated} of ${steps} steps it did, or gradients were not finite: the guarantee did not hold. ${FIRST_ORDER}`;
    case 'stationary':
      return 'The latest direction is zero to rounding: no direction improves every group.';
    case 'unmeasured':
      return `The log does not show of every step which groups its direction conflicts with. ${FIRST_ORDER}`;
    case 'none':
      return `${name} guarantees nothing for single groups. The update is what moves the parameters. ${FIRST_ORDER}`;
    case 'lost':
      return `Smoothing keeps ${smoothing} of the previous step’s weights, so the guarantee of ${name} holds for no single step. The update is what moves the parameters. ${FIRST_ORDER}`;
    case 'unknown':
      return `This version does not know what ${name} guarantees. ${FIRST_ORDER}`;
  }
}

function measurable(name: string): boolean {
  const description = knownAggregator(name);
  return description === undefined || keepsGradients(description);
}

function guardable(name: string): boolean {
  const description = knownAggregator(name);
  return description === undefined || canBeGuarded(description);
}

/** Of one entry of `aggregate`, and accepted by the config's rules. */
function remedyOf(
  state: BadgeState,
  { name, guard }: AggregationSettings<string>,
  optimizer: Optimizer | null,
): string | null {
  if (!optimizer || !guardable(name) || guard === 0) return null;
  if (state === 'updatesUnmeasured' && guard === null && !measurable(name)) {
    return 'set guard: true in this entry of aggregate; it keeps the gradients, at a cost in memory, and measures and corrects every update.';
  }
  if (state !== 'updatesConflict') return null;
  if (guard !== null) {
    return `set guard: true in place of guard: ${guard} in this entry of aggregate; it allows no update to conflict.`;
  }
  const plain =
    optimizer.name === 'sgd' && (optimizer.momentum > 0 || optimizer.weightDecay > 0)
      ? ' SGD without momentum and weight decay needs none: its updates are multiples of the direction.'
      : '';
  return `set guard: true in this entry of aggregate; it corrects every update that conflicts.${plain}`;
}

type Optimizer = z.infer<typeof optimizerSchema>;

const optimizerSchema = z.object({
  name: z.enum(['sgd', 'adamw']),
  momentum: z.number().catch(0),
  weightDecay: z.number().catch(0),
});

/** Null where another trainer's config has no such optimizer. */
function optimizerOf({ optimizer }: RunManifest['config']): Optimizer | null {
  return optimizerSchema.safeParse(optimizer).data ?? null;
}

/** " (AdamW, guard 0.1)"; empty where it is unknown. */
function movedBy({ guard }: AggregationSettings<string>, optimizer: Optimizer | null): string {
  const parts = [
    ...(optimizer ? [nameOf(optimizer)] : []),
    ...(guard === null ? [] : [guard === 0 ? 'guarded' : `guard ${guard}`]),
  ];
  return parts.length > 0 ? ` (${parts.join(', ')})` : '';
}

function nameOf({ name, momentum }: Optimizer): string {
  if (name === 'adamw') return 'AdamW';
  return momentum > 0 ? 'SGD with momentum' : 'SGD';
}

/** What makes an update of a direction. */
function meansOf(optimizer: Optimizer | null): string {
  if (!optimizer) return 'the optimizer';
  const { name, momentum, weightDecay } = optimizer;
  const parts = [
    ...(name === 'adamw' || momentum > 0 ? ['momentum'] : []),
    ...(name === 'adamw' ? ['scaling'] : []),
    ...(weightDecay > 0 ? ['weight decay'] : []),
  ];
  const own = name === 'adamw' ? 'AdamW' : 'SGD';
  if (parts.length === 0) return own;
  return `${own}, with ${formatList(parts)},`;
}
