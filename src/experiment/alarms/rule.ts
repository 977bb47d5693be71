/** What a rule is: a condition on the facts of a run, checked as they are logged. */
import type { StepDiagnostics } from '../../engine/diagnoseStep.ts';
import type { Fact, StepEvent, ValidationEvent } from '../../runs/events.ts';
import { formatList } from '../../runs/format.ts';
import type { RunManifest } from '../../runs/manifest.ts';

/** A step as rules see it. */
export interface ObservedStep {
  readonly event: StepEvent;
  /** Null where the facts of the step do not match each other, as those of another trainer might. */
  readonly diagnostics: StepDiagnostics | null;
  /** Mean over the examples; not finite if the loss of a group is not. */
  readonly loss: number;
  /** Mean over the examples of the run's first step. */
  readonly firstLoss: number;
}

/** What is wrong. */
export interface Finding {
  readonly message: string;
  /** What was compared, by name. */
  readonly figures: Readonly<Record<string, Fact>>;
  /** Indices into `manifest.groups.names` of the groups concerned. */
  readonly groups: readonly number[];
}

/** Null: all is well. Undefined: neither, so that an alarm stands that was raised, and none is raised. */
export type Judgement = Finding | null | undefined;

/** A rule at work on one run. Its memory does not grow with the number of steps. */
export interface Watch {
  step?(step: ObservedStep): Judgement;
  validation?(event: ValidationEvent): Judgement;
}

export interface Rule {
  /** When it raises the alarm, and when the alarm is over, as Markdown. */
  readonly condition: string;
  /** Why that condition, as Markdown. */
  readonly reason: string;
  /** @returns null for a run that the rule does not apply to */
  watch(run: RunManifest): Watch | null;
}

/** Most groups that a message names. */
const NAMED = 5;

/** "group 7", "groups 5, 6 and 8", "groups a, b, c, d, e and 3 more". */
export function formatGroups(
  { groups: { names } }: RunManifest,
  groups: readonly number[],
): string {
  const shown = groups.slice(0, NAMED).map((group) => names[group] ?? `#${group + 1}`);
  const more = groups.length - shown.length;
  if (more > 0) return `groups ${shown.join(', ')} and ${more} more`;
  return `${shown.length === 1 ? 'group' : 'groups'} ${formatList(shown)}`;
}

/** A finite number, or null, which JSON has in place of others. */
export function fact(value: number): Fact {
  return Number.isFinite(value) ? value : null;
}
