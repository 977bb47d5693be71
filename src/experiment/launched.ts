import type { Session } from '../training/session.ts';
import type { Run } from '../training/train.ts';
import type { OwnedRuns } from './ownedRuns.ts';

/** Runs that are this process's to train, and what they share. */
export interface Launch {
  readonly session: Session;
  readonly runs: readonly Run[];
  readonly owned: OwnedRuns;
}
