import type { RunSummary } from '../runs/store.ts';
import { type Summary, summarise } from './statistics/summary.ts';
import { formatFigures } from './wording.ts';

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
