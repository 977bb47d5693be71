/** Runs of one experiment with what their logs say about validations. */
import { type Better, betterOf as betterByName } from '../config/ranking.ts';
import type { ValidationEvent } from '../runs/events.ts';
import type { RunSummary } from '../runs/store.ts';

export type Validation = Pick<ValidationEvent, 'step' | 'metrics'>;

export interface ValidatedRun {
  readonly run: RunSummary;
  readonly validations: readonly Validation[];
}

/** Names of the metrics in the validations; the one that ranks checkpoints first. */
export function metricNames(runs: readonly ValidatedRun[]): string[] {
  const ranking = runs.map(({ run }) => run.manifest.metric.name);
  const logged = runs.flatMap(({ validations }) =>
    validations.flatMap((it) => Object.keys(it.metrics)),
  );
  return [...new Set([...ranking, ...logged])];
}

/** As the manifests say for the metric that ranks checkpoints; for others by name; `null` if unknown. */
export function betterOf(
  runs: readonly Pick<RunSummary, 'manifest'>[],
  metric: string,
): Better | null {
  const ranking = runs.map(({ manifest }) => manifest.metric).find(({ name }) => name === metric);
  const known: Readonly<Record<string, Better>> = betterByName;
  return ranking?.better ?? (Object.hasOwn(known, metric) ? known[metric]! : null);
}
