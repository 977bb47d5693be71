import type { RunEvent } from '../../runs/events.ts';
import type { Loading } from '../../runs/loading.ts';
import { seedWords } from '../../runs/words.ts';
import type { Session } from '../../training/session.ts';
import type { TrainingRun } from '../../training/trainingLoop.ts';

/** Shows on standard error how `grain run` gets on. */
export interface ProgressView {
  loading(loading: Loading): void;
  /** The runs about to be trained, one after another. */
  created(session: Session, runs: readonly TrainingRun[]): void;
  /** An event was written to the log of a run. */
  event(run: TrainingRun, event: RunEvent): void;
  /** Something to say beside the runs. */
  note(text: string): void;
  close(): void;
}

/** "grain, seed 3". */
export function titleOf({ manifest: { aggregator, seed } }: TrainingRun): string {
  return `${aggregator}, seed ${seedWords(seed)}`;
}
