import { launchLabels } from '../../runs/facets.ts';
import type { RunSummary } from '../../runs/store.ts';
import type { ExperimentChoice } from '../messages/seedVariance.ts';

/** The experiments of the runs, the latest first. @param locale for their times, as BCP 47 */
export function choicesOf(runs: readonly RunSummary[], locale: string): ExperimentChoice[] {
  const launches = launchLabels(runs, locale);
  return [...launches].map(([id, label]) => ({ id, label })).reverse();
}
