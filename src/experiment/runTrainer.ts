/** What trains runs whose folders exist: this process, a process for each, a user's program, a cluster. */
import type { EndEvent, RunEvent } from '../runs/events.ts';
import type { RunManifest } from '../runs/manifest.ts';
import type { TrainingRun } from '../training/trainingLoop.ts';

export interface RunTrainer {
  readonly device: RunManifest['device'];
  /** How many runs it trains at a time. */
  readonly concurrency: number;
  /**
   * Trains a run from where it is to its end; writes its log, or has it written.
   * @returns how it ended; an error ends it as failed
   */
  train(run: TrainingRun, callbacks: RunCallbacks): Promise<EndEvent>;
  /** Called when no run is being trained any more. */
  close(): Promise<void>;
}

export interface RunCallbacks {
  /** Called after each event is written. */
  onEvent(event: RunEvent): void;
  /** Asked often; true ends the run as soon as it can, with a checkpoint. */
  shouldStop(): boolean;
  /** Throws OwnershipLostError if the run now belongs to another process. */
  assertHeld(): void;
  /** Whether the run belongs to no other process. */
  isHeld(): boolean;
  /** With which another process takes the run from this one; undefined if this one does not own it. */
  token(): string | undefined;
  /** Owns the run again after another process had it. @throws OwnedError if a live process owns it */
  retake(): Promise<void>;
}
