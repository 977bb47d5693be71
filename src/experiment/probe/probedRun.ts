import type { StepEvent } from '../../runs/events.ts';
import { RunIndex } from '../../runs/index/runIndex.ts';
import type { RunManifest } from '../../runs/manifest.ts';
import { RunReferenceError, resolveRun } from '../../runs/reference.ts';
import type { RunSummary } from '../../runs/store.ts';

/** Of a longer run, so many steps are read, spread evenly over it. */
const MOST_STEPS = 2_000;

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

export function readProbedRun(run: RunSummary): Promise<ProbedRun> {
  const { manifest, status, lastMetric } = run;
  const value = (status === 'finished' ? lastMetric?.value : undefined) ?? Number.NaN;
  return RunIndex.use(run, async (index) => ({
    manifest,
    steps: await spreadSteps(index),
    metric: Number.isFinite(value) ? value : null,
  }));
}

async function spreadSteps(index: RunIndex): Promise<StepEvent[]> {
  const all = { from: 0, to: Number.MAX_SAFE_INTEGER };
  const { last } = await index.window({ ...all, columns: MOST_STEPS }, []);
  const steps: StepEvent[] = [];
  for (const number of last) {
    const step = await index.step(number);
    if (step) steps.push(step);
  }
  return steps;
}
