/** What other aggregators would have done in a run of the mean: all of it follows from the Gram matrices in its log. */
import { max, mean, median, sum } from 'simple-statistics';
import { aggregate } from '../../engine/aggregate.ts';
import { diagnoseStep, type StepFacts } from '../../engine/diagnoseStep.ts';
import type { StepEvent } from '../../runs/events.ts';
import { derivedOf } from '../../runs/facts.ts';
import { hasLastingGroups, type RunManifest } from '../../runs/manifest.ts';
import type { ProbedRun } from './probedRun.ts';
import type { GroupFigures, RunFigures } from './result.ts';

/** A group is fitted in a step if its loss is below this share of the mean loss: no example of it is left to learn from. */
const FITTED = 0.1;

/** What is read of a run. */
interface Shadowed extends Pick<ProbedRun, 'steps' | 'metric'> {
  readonly manifest: Pick<RunManifest, 'seed' | 'groups'>;
}

interface ShadowStep {
  readonly groups: readonly number[];
  readonly weights: Float64Array;
  readonly losses: readonly number[];
  readonly meanConflicts: number;
  readonly pairConflicts: number;
  readonly updateConflicts: boolean | null;
  readonly lengthRatio: number;
}

/**
 * Figures of a run of the mean. The first quarter of its steps is left out: a new layer and a warming learning rate say little
 * about the rest.
 *
 * @returns null if the log has no step with two groups and their Gram matrix
 */
export function shadowOf({ manifest, steps, metric }: Shadowed): RunFigures | null {
  const { names } = manifest.groups;
  const last = steps.at(-1)?.step ?? 0;
  const shadows = steps
    .filter(({ step }) => step > last / 4)
    .flatMap((step) => shadowStep(step) ?? []);
  if (shadows.length === 0) return null;
  const measured = shadows.flatMap(({ updateConflicts }) => updateConflicts ?? []);
  return {
    seed: manifest.seed,
    steps: shadows.length,
    meanConflicts: mean(shadows.map(({ meanConflicts }) => meanConflicts)),
    pairConflicts: mean(shadows.map(({ pairConflicts }) => pairConflicts)),
    updateConflicts: measured.length === 0 ? null : shareOf(measured, Boolean),
    lengthRatio: median(shadows.map(({ lengthRatio }) => lengthRatio)),
    largestWeight: median(shadows.map(({ weights }) => max([...weights]))),
    fittedSteps: shareOf(shadows, hasFittedGroup),
    groups: hasLastingGroups(manifest)
      ? names.flatMap((name, group) => groupFigures(name, group, shadows) ?? [])
      : [],
    metric,
  };
}

/** Null for a step that says nothing: one group, no Gram matrix, losses that are not finite, facts that do not match. */
function shadowStep(event: StepEvent): ShadowStep | null {
  return derivedOf(event, (facts) => shadowFrom(event, facts)) ?? null;
}

function shadowFrom(event: StepEvent, facts: StepFacts): ShadowStep | null {
  const { gram, sizes } = facts;
  const losses = event.losses.map((loss) => loss ?? Number.NaN);
  if (!gram || sizes.length < 2 || !losses.every(Number.isFinite)) return null;
  const { weights, norm2 } = aggregate({ gram, sizes }, 'grain');
  const mean = aggregate({ gram, sizes }, 'mean');
  const ofMean = diagnoseStep({ ...facts, weights: mean.weights });
  const lengthRatio = Math.sqrt(norm2 / mean.norm2);
  if (!Number.isFinite(lengthRatio)) return null;
  return {
    groups: event.groups,
    weights,
    losses,
    meanConflicts: ofMean.meanConflictRate!,
    pairConflicts: ofMean.conflictRate!,
    updateConflicts: ofMean.updateConflictsWith && ofMean.updateConflictsWith.length > 0,
    lengthRatio,
  };
}

function hasFittedGroup({ losses }: ShadowStep): boolean {
  const bound = FITTED * mean([...losses]);
  return losses.some((loss) => loss < bound);
}

function groupFigures(
  name: string,
  group: number,
  steps: readonly ShadowStep[],
): GroupFigures | null {
  const says: number[] = [];
  const own: number[] = [];
  const others: number[] = [];
  for (const { groups, weights, losses } of steps) {
    const at = groups.indexOf(group);
    if (at < 0) continue;
    says.push(groups.length * weights[at]!);
    own.push(losses[at]!);
    others.push((sum([...losses]) - losses[at]!) / (losses.length - 1));
  }
  if (says.length === 0) return null;
  const lossRatio = mean(own) / mean(others);
  return { name, say: mean(says), lossRatio: Number.isFinite(lossRatio) ? lossRatio : null };
}

function shareOf<T>(list: readonly T[], holds: (entry: T) => boolean): number {
  return list.filter(holds).length / list.length;
}
