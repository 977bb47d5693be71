/** Groups that cannot be aggregated like the others, because their gradient is zero or not finite, the same for every aggregator. */
import type { Screening } from './screen.ts';
import type { Warning, ZeroGroupPolicy } from './types.ts';

/** A message names at most this many groups; its warning lists them all. */
const MOST_NAMED = 20;

type ScreenedGroups = Pick<Screening, 'nonFinite' | 'zero' | 'present'>;

/** Thrown when a group's gradient is zero and the policy is `error`. */
export class ZeroGroupError extends Error {
  override name = 'ZeroGroupError';
  readonly groups: readonly number[];

  /** @param groups those whose gradient is zero */
  constructor(groups: readonly number[], nameOf?: NameOf) {
    super(`${namesOf(groups, nameOf)} has a zero gradient`);
    this.groups = groups;
  }
}

/** How messages call a group; by default its index. */
export type NameOf = (group: number) => string | number;

/** A warning's message in which groups have names instead of indices. */
export function namedMessage({ message, groups }: Warning, nameOf: NameOf): string {
  // The phrase is the one that the message was made with.
  return message.replace(namesOf(groups), () => namesOf(groups, nameOf));
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
  if (policy === 'error') throw new ZeroGroupError(zero);
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
function namesOf(groups: readonly number[], nameOf: NameOf = (group) => group): string {
  if (groups.length === 1) return `group ${nameOf(groups[0]!)}`;
  const shown = groups.slice(0, MOST_NAMED).map(nameOf).join(', ');
  const rest = groups.length - MOST_NAMED;
  return `each of groups ${shown}${rest > 0 ? ` and ${rest} more` : ''}`;
}
