/** Groups that cannot be aggregated like the others, because their gradient is zero or not finite, the same for every aggregator. */
import type { Screening } from './screen.ts';
import type { Warning, ZeroGroupPolicy } from './types.ts';

/** A message names at most this many groups; its warning lists them all. */
const MOST_NAMED = 20;

type ScreenedGroups = Pick<Screening, 'nonFinite' | 'zero' | 'present'>;

/** Thrown when a group's gradient is zero and the policy is `error`. */
export class ZeroGroupError extends Error {
  override name = 'ZeroGroupError';
}

/**
 * Whether a zero gradient stops the step.
 *
 * @param policy `keep`: the aggregator accepts zero gradients
 * @throws ZeroGroupError under the policy `error`
 */
export function isStoppedBy(
  { zero }: Pick<Screening, 'zero'>,
  policy: ZeroGroupPolicy | 'keep',
): boolean {
  if (zero.length === 0) return false;
  if (policy === 'error') throw new ZeroGroupError(`${namesOf(zero)} has a zero gradient`);
  return policy === 'stop';
}

/** @param policy `keep`: the aggregator accepts zero gradients */
export function* warningsOfGroups(
  { nonFinite, zero, present }: ScreenedGroups,
  policy: ZeroGroupPolicy | 'keep',
): Generator<Warning> {
  if (nonFinite.length > 0) {
    const rest = present.length + zero.length > 0 ? 'dropped' : 'no group is left: skip the step';
    yield {
      code: 'non-finite-group',
      message: `${namesOf(nonFinite)} has a gradient with a NaN, an infinity or ‖g‖² beyond float64; ${rest}`,
      groups: nonFinite,
    };
  }
  if (zero.length === 0) return;
  if (present.length === 0) {
    yield { code: 'all-zero', message: 'every gradient is zero', groups: zero };
  } else if (policy !== 'keep') {
    const effect = policy === 'stop' ? 'the step is stopped' : 'dropped';
    yield {
      code: 'zero-group',
      message: `${namesOf(zero)} has a zero gradient; ${effect}`,
      groups: zero,
    };
  }
}

/** @param conflictsWith groups that d conflicts with */
export function conflictWarnings(conflictsWith: readonly number[]): Warning[] {
  if (conflictsWith.length === 0) return [];
  const message = `the step conflicts with ${namesOf(conflictsWith)}`;
  return [{ code: 'conflict', message, groups: conflictsWith }];
}

/** "group 3", "each of groups 1, 3, 4"; singular either way. */
function namesOf(groups: readonly number[]): string {
  if (groups.length === 1) return `group ${groups[0]}`;
  const shown = groups.slice(0, MOST_NAMED).join(', ');
  const rest = groups.length - MOST_NAMED;
  return `each of groups ${shown}${rest > 0 ? ` and ${rest} more` : ''}`;
}
