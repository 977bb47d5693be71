/** What runs are compared by: the metrics of their validations, and series over their steps. */
import type { Better } from '../../../config/ranking.ts';
import { betterOf, metricNames, type ValidatedRun } from '../../../experiment/validatedRuns.ts';
import type { RunSeries } from '../../../runs/index/series.ts';

interface StepSeries {
  readonly series: RunSeries;
  readonly better: Better | null;
}

/** By the names that the view gives them. */
const ofSteps: Readonly<Record<string, StepSeries>> = {
  'training loss': { series: 'loss', better: 'lower' },
  'smallest cosine': { series: 'minCosine', better: null },
  'conflicting pairs': { series: 'conflictRate', better: null },
  'effective groups': { series: 'effectiveGroups', better: null },
  'learning rate': { series: 'learningRate', better: null },
};

/** Those of validations first. */
export function measuresOf(runs: readonly ValidatedRun[]): string[] {
  return [...new Set([...metricNames(runs), ...Object.keys(ofSteps)])];
}

/** @returns `undefined` for a metric of validations */
export function stepSeries(measure: string): RunSeries | undefined {
  return Object.hasOwn(ofSteps, measure) ? ofSteps[measure]!.series : undefined;
}

export function betterMeasure(runs: readonly ValidatedRun[], measure: string): Better | null {
  if (Object.hasOwn(ofSteps, measure)) return ofSteps[measure]!.better;
  return betterOf(
    runs.map(({ run }) => run),
    measure,
  );
}
