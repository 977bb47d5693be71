import { mean, sampleStandardDeviation } from 'simple-statistics';
import { doubtfulOf, measuredThresholds, ruleFor } from './advice.ts';
import type { ProbedRun } from './probedRun.ts';
import { advisedAggregators, type GroupFigures, type Probe, type RunFigures } from './result.ts';
import { shadowOf } from './shadow.ts';

/** The runs of a probe cannot be evaluated. */
export class ProbeError extends Error {
  override readonly name = 'ProbeError';
}

/**
 * What runs of the mean, of one experiment with several seeds, say about other aggregators.
 *
 * @param runs at least one
 * @throws ProbeError if none of them logged Gram matrices of several groups
 */
export function probeOf(runs: readonly ProbedRun[]): Probe {
  const { experiment, groups, metric, task } = runs[0]!.manifest;
  const figures = runs.flatMap((run) => shadowOf(run) ?? []);
  if (figures.length > 0) return adviceOn({ name: experiment.name, task, groups, metric }, figures);
  throw new ProbeError(
    `${experiment.name} has no step with the Gram matrix of several groups. Expected groups whose gradients can be compared: at least two in a step.`,
  );
}

/** @param runs at least one */
export function adviceOn(
  experiment: Pick<Probe, 'name' | 'task' | 'groups' | 'metric'>,
  runs: readonly RunFigures[],
  thresholds = measuredThresholds,
): Probe {
  const found = { ...experiment, figures: averageOf(runs), doubtful: doubtfulOf(runs, thresholds) };
  const rule = ruleFor(found, thresholds);
  const advice = advisedAggregators.map((aggregator) => ({
    aggregator,
    advice: rule.advice[aggregator],
  }));
  const worth = advice.filter(({ advice }) => advice === 'worth trying');
  return {
    ...found,
    runs,
    verdict: rule.verdict(found),
    advice,
    aggregate: ['mean', ...worth.map(({ aggregator }) => aggregator)],
  };
}

function averageOf(runs: readonly RunFigures[]): Probe['figures'] {
  const average = (of: (run: RunFigures) => number | null) => {
    const values = runs.flatMap((run) => of(run) ?? []);
    return values.length === 0 ? null : mean(values);
  };
  const metrics = runs.flatMap(({ metric }) => metric ?? []);
  return {
    steps: average(({ steps }) => steps)!,
    meanConflicts: average(({ meanConflicts }) => meanConflicts)!,
    pairConflicts: average(({ pairConflicts }) => pairConflicts)!,
    updateConflicts: average(({ updateConflicts }) => updateConflicts),
    lengthRatio: average(({ lengthRatio }) => lengthRatio)!,
    largestWeight: average(({ largestWeight }) => largestWeight)!,
    fittedSteps: average(({ fittedSteps }) => fittedSteps)!,
    metric: average(({ metric }) => metric),
    groups: groupAverages(runs),
    spread: metrics.length < 2 ? null : sampleStandardDeviation(metrics),
  };
}

/** In the order in which they first appear. */
function groupAverages(runs: readonly RunFigures[]): GroupFigures[] {
  const all = runs.flatMap(({ groups }) => groups);
  return [...new Set(all.map(({ name }) => name))].map((name) => {
    const of = all.filter((group) => group.name === name);
    const ratios = of.flatMap(({ lossRatio }) => lossRatio ?? []);
    const lossRatio = ratios.length === 0 ? null : mean(ratios);
    return { name, say: mean(of.map(({ say }) => say)), lossRatio };
  });
}
