import type { Session } from '../training/session.ts';
import type { TrainingRun } from '../training/trainingLoop.ts';
import type { OwnedRuns } from './ownedRuns.ts';

/** Runs that are this process's to train, and what they share. */
export interface Launch {
  readonly session: Session;
  readonly runs: readonly TrainingRun[];
  readonly owned: OwnedRuns;
}
