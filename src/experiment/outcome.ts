/** How an experiment came out, in a line and in sentences. */
import { byCreation } from '../runs/order.ts';
import type { RunSummary } from '../runs/store.ts';
import { evidenceOf, firstPredictions, validatedRun } from './evidence.ts';
import type { Findings } from './findings.ts';
import { type Summary, summarise } from './statistics/summary.ts';
import { type Verdict, verdictOf } from './verdict.ts';
import { formatFigures } from './wording.ts';

export interface ExperimentOutcome {
  /** "grain 0.869 ± 0.015 · mean 0.882 ± 0.009": the metric that ranks checkpoints, of each method; empty before the first result. */
  readonly figures: string;
  readonly verdict: Verdict;
}

/** @param runs all of one experiment, at least one */
export async function experimentOutcome(runs: readonly RunSummary[]): Promise<ExperimentOutcome> {
  const ordered = [...runs].sort(byCreation);
  const validated = await Promise.all(ordered.map(validatedRun));
  const { name } = ordered[0]!.manifest.metric;
  const findings = evidenceOf(validated, name, await firstPredictions(ordered));
  return { figures: figuresLine(findings), verdict: verdictOf(findings) };
}

/** "0.835 ± 0.021": mean and standard deviation over the runs that have finished; empty without one. @param runs of one method */
export function finishedFigures(runs: readonly RunSummary[]): string {
  const summary = finishedSummary(runs);
  return summary ? formatFigures(summary) : '';
}

/** Over the runs that have finished; null without one. @param runs of one method */
export function finishedSummary(runs: readonly RunSummary[]): Summary | null {
  const values = runs.flatMap(({ status, lastMetric }) =>
    status === 'finished' && lastMetric && Number.isFinite(lastMetric.value)
      ? [lastMetric.value]
      : [],
  );
  return values.length === 0 ? null : summarise(values);
}

export function figuresLine({ methods }: Pick<Findings, 'methods'>): string {
  const told = methods.flatMap(({ method, figures }) =>
    figures ? `${method} ${formatFigures(figures)}` : [],
  );
  return told.join(' · ');
}
