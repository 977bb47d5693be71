/** Why a training fails, as a code with advice. */
import { DeviceLostError, isOutOfMemory } from '../backends/interface/deviceErrors.ts';
import { isDiskFull, messageOf } from '../config/errors.ts';
import { CheckpointError } from '../hub/checkpointFile.ts';
import { formatFailure, type RunFailure } from '../runs/failure.ts';
import { OwnershipLostError } from '../runs/owner.ts';
import { NoUsableCheckpoint } from './checkpoints.ts';

/** Training cannot continue, for a known reason. */
export class TrainingError extends Error {
  override readonly name = 'TrainingError';
  readonly failure: RunFailure;

  constructor(failure: RunFailure) {
    super(formatFailure(failure));
    this.failure = failure;
  }
}

/** Why an error ends a run. @param run id of the run */
export function failureOf(error: unknown, run: string): RunFailure {
  if (error instanceof TrainingError) return error.failure;
  const message = messageOf(error);
  const resume = `grain run --resume ${run}`;
  if (isOutOfMemory(error)) {
    const advice = `To continue when more memory is available: ${resume}`;
    return { code: 'outOfMemory', message: `Out of memory: ${message}`, advice };
  }
  if (isDiskFull(error)) {
    const advice = `Free some space. Then, to continue: ${resume}`;
    return { code: 'diskFull', message: `The disk is full: ${message}`, advice };
  }
  if (error instanceof DeviceLostError) {
    return { code: 'deviceLost', message, advice: `To continue: ${resume}` };
  }
  if (error instanceof OwnershipLostError) {
    const advice = 'The run continues there. What this process computed since is dropped.';
    return { code: 'ownershipLost', message, advice };
  }
  if (error instanceof CheckpointError) {
    const advice =
      error instanceof NoUsableCheckpoint && error.isBestLeft
        ? `To continue from the best checkpoint: ${resume} --from best`
        : 'Restore the file, or start a new run.';
    return { code: 'badCheckpoint', message, advice };
  }
  return { code: 'unknown', message };
}
