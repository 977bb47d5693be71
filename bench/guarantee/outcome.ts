/** What came of one run, from its log. */
import { mean, median, sum } from 'simple-statistics';
import { diagnoseStep } from '../../src/engine/diagnoseStep.ts';
import type { StepEvent } from '../../src/runs/events.ts';
import { factsOf, meanLoss } from '../../src/runs/facts.ts';
import type { RunSummary } from '../../src/runs/store.ts';
import { readEvents } from '../../src/runs/tail.ts';
import type { Setting } from './settings.ts';
import { seedOf } from './train.ts';

/** Losses of so many steps are averaged before they are compared: a batch's own is too noisy. */
const WINDOW = 20;

export interface Outcome {
  readonly seed: number;
  /** Final validation; NaN for a run that failed. */
  readonly metric: number;
  /** Share of steps whose actual update conflicts with a group, 0…1; NaN where updates were not measured. */
  readonly conflicts: number;
  /** Share of steps that a guard reduced to nothing. */
  readonly stalls: number;
  /** Mean training loss of the batches of the last {@link WINDOW} steps, before each step. */
  readonly losses: readonly number[];
  /** Median share in Σ wᵢ of each group, in the second half of the steps, by the group's name. */
  readonly weights: ReadonlyMap<string, number>;
}

/** Of the final validation, by which the runs of a setting rank their checkpoints; NaN for a run that failed. */
export function metricOf({ status, lastMetric }: RunSummary, { metric }: Setting): number {
  if (lastMetric && lastMetric.name !== metric)
    throw new Error(`${lastMetric.name}, not ${metric}`);
  return status === 'finished' ? (lastMetric?.value ?? Number.NaN) : Number.NaN;
}

export async function outcomeOf(run: RunSummary, setting: Setting): Promise<Outcome> {
  const steps = (await readEvents(run.folder)).filter((event) => event.kind === 'step');
  return {
    seed: seedOf(run),
    metric: metricOf(run, setting),
    ...courseOf(steps, run.manifest.groups.names),
  };
}

/** What a run's steps tell. @param names of the groups */
export function courseOf(
  steps: readonly StepEvent[],
  names: readonly string[],
): Omit<Outcome, 'seed' | 'metric'> {
  const updates = steps
    .map((step) => diagnoseStep(factsOf(step)).updateConflictsWith)
    .filter((groups) => groups !== null);
  return {
    conflicts: updates.filter((groups) => groups.length > 0).length / updates.length,
    stalls: steps.filter((step) => step.guard?.stalled).length / steps.length,
    losses: averaged(steps.map(meanLoss)),
    weights: weightsOf(steps.slice(steps.length / 2), names),
  };
}

/** First step at which the averaged loss is at most `loss`, counted from 1; null if none is. */
export function stepsTo(loss: number, { losses }: Outcome): number | null {
  const at = losses.findIndex((value) => value <= loss);
  return at < 0 ? null : at + 1;
}

function averaged(losses: readonly number[]): number[] {
  return losses.map((_, at) => mean(losses.slice(Math.max(0, at + 1 - WINDOW), at + 1)));
}

function weightsOf(steps: readonly StepEvent[], names: readonly string[]): Map<string, number> {
  const shares = new Map<string, number[]>(names.map((name) => [name, []]));
  for (const { groups, weights } of steps) {
    const total = sum([...(weights ?? [])]);
    for (const [i, group] of groups.entries()) {
      if (total !== 0) shares.get(names[group]!)!.push(weights![i]! / total);
    }
  }
  return new Map(
    [...shares].map(([name, of]) => [name, of.length === 0 ? Number.NaN : median(of)]),
  );
}
