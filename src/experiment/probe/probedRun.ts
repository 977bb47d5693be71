import type { StepEvent } from '../../runs/events.ts';
import type { RunManifest } from '../../runs/manifest.ts';
import { RunReferenceError, resolveRun } from '../../runs/reference.ts';
import type { RunSummary } from '../../runs/store.ts';
import { readEvents } from '../../runs/tail.ts';

/** A run of the mean, as far as a probe reads it. */
export interface ProbedRun {
  readonly manifest: RunManifest;
  readonly steps: readonly StepEvent[];
  /** The metric that ranks checkpoints, at the end; null if the run has not finished or it was not finite. */
  readonly metric: number | null;
}

/**
 * A run of the mean and the other seeds of its experiment.
 * @throws RunReferenceError if no run matches the reference, several do, or the one that does is not of the mean
 */
export async function readProbedRuns(
  all: readonly RunSummary[],
  reference: string,
): Promise<ProbedRun[]> {
  const { manifest } = resolveRun(all, reference);
  const { name, metric } = manifest.aggregation;
  if (name !== 'mean' || metric !== 'euclidean') {
    throw new RunReferenceError(
      `${manifest.id} was trained with ${manifest.aggregator}. Expected a run of the mean: what other aggregators would have done is known only along its path.`,
    );
  }
  const seeds = all.filter(
    (other) =>
      other.manifest.experiment.id === manifest.experiment.id &&
      other.manifest.aggregator === manifest.aggregator &&
      other.step > 0,
  );
  return Promise.all(seeds.map(readProbedRun));
}

export async function readProbedRun({
  manifest,
  folder,
  status,
  lastMetric,
}: RunSummary): Promise<ProbedRun> {
  const events = await readEvents(folder);
  const value = (status === 'finished' ? lastMetric?.value : undefined) ?? Number.NaN;
  return {
    manifest,
    steps: events.filter((event) => event.kind === 'step'),
    metric: Number.isFinite(value) ? value : null,
  };
}
