import type { RunTrainer } from '../../experiment/runTrainer.ts';
import type { RunEvent } from '../../runs/events.ts';
import { formatSeed } from '../../runs/format.ts';
import type { Loading } from '../../runs/loading.ts';
import type { TrainingRun } from '../../training/trainingLoop.ts';

/** Shows the progress of `grain run` on standard error. */
export interface ProgressView {
  loading(loading: Loading): void;
  /** The runs about to be trained. */
  created(trainer: RunTrainer, runs: readonly TrainingRun[]): void;
  /** Called after an event of a run is logged. */
  event(run: TrainingRun, event: RunEvent): void;
  /** A message about the whole process. */
  note(text: string): void;
  close(): void;
}

/** "grain, seed 3". */
export function titleOf({ manifest: { aggregator, seed } }: TrainingRun): string {
  return `${aggregator}, seed ${formatSeed(seed)}`;
}
