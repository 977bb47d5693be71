/** How an experiment came out, in a line and in sentences. */
import { byCreation } from '../runs/order.ts';
import type { RunSummary } from '../runs/store.ts';
import { evidenceOf, firstPredictions, validatedRun } from './evidence.ts';
import type { Findings } from './findings.ts';
import { briefVerdict } from './verdict.ts';
import { formatFigures } from './wording.ts';

export interface ExperimentOutcome {
  /** "grain 0.869 ± 0.015 · mean 0.882 ± 0.009": the metric that ranks checkpoints, of each method; empty before the first result. */
  readonly figures: string;
  /** What that shows, if the experiment compares two methods; otherwise empty. */
  readonly verdict: string;
}

/** @param runs all of one experiment, at least one */
export async function experimentOutcome(runs: readonly RunSummary[]): Promise<ExperimentOutcome> {
  const ordered = [...runs].sort(byCreation);
  const validated = await Promise.all(ordered.map(validatedRun));
  const { name } = ordered[0]!.manifest.metric;
  const findings = evidenceOf(validated, name, await firstPredictions(ordered));
  return { figures: figuresLine(findings), verdict: briefVerdict(findings) };
}

export function figuresLine({ methods }: Pick<Findings, 'methods'>): string {
  const told = methods.flatMap(({ method, figures }) =>
    figures ? `${method} ${formatFigures(figures)}` : [],
  );
  return told.join(' · ');
}
