import { type Ownership, takeOwnership } from '../runs/owner.ts';
import type { TrainingRun } from '../training/trainingLoop.ts';

/** The runs that this process owns, each until it is given up. */
export class OwnedRuns {
  readonly #ownerships = new Map<string, Ownership>();

  /** Takes all of them, or none. @throws OwnedError if a living process owns one of them */
  static take(runs: readonly TrainingRun[]): OwnedRuns {
    const owned = new OwnedRuns();
    try {
      for (const { folder } of runs) owned.#ownerships.set(folder, takeOwnership(folder));
    } catch (error) {
      owned.releaseAll();
      throw error;
    }
    return owned;
  }

  /** Gives a run up, so that another process may take it. */
  release({ folder }: TrainingRun): void {
    this.#ownerships.get(folder)?.release();
    this.#ownerships.delete(folder);
  }

  releaseAll(): void {
    for (const ownership of this.#ownerships.values()) ownership.release();
    this.#ownerships.clear();
  }
}
