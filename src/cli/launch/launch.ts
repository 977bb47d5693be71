import type { Session } from '../../training/session.ts';
import type { Run } from '../../training/train.ts';

/** Runs that are this process's to train, and what they share. */
export interface Launch {
  readonly session: Session;
  readonly runs: readonly Run[];
  /** Gives the runs up, so that another process may take them. */
  release(): void;
}
