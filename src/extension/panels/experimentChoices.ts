import { launchLabels } from '../../runs/facets.ts';
import type { RunSummary } from '../../runs/store.ts';
import type { ExperimentChoice } from '../messages/seedVariance.ts';

/** The experiments that a panel can show, the latest first. */
export function choicesOf(runs: readonly RunSummary[], locale: string): ExperimentChoice[] {
  return [...launchLabels(runs, locale)].map(([id, label]) => ({ id, label })).reverse();
}
