import type { Model } from './models/model.ts';
import type { Optimizer } from './optimizers/optimizer.ts';

/** What the loop remembers beside the weights; JSON, read back as it was written. */
export interface TrainerState {
  readonly step: number;
  readonly bestMetric: number | null;
}

/** Writes `<folder>/step-000050/` and moves `last` (and `best`) to it. @returns its path inside `folder`'s parent. */
export async function saveCheckpoint(
  _folder: string,
  _content: { model: Model; optimizer: Optimizer; state: TrainerState },
  _best: boolean,
): Promise<string> {
  throw new Error('not written yet');
}

/** Restores model and optimizer in place from the last (or best) checkpoint; null when there is none yet. */
export async function loadCheckpoint(
  _folder: string,
  _into: { model: Model; optimizer?: Optimizer },
  _which: 'last' | 'best',
): Promise<TrainerState | null> {
  throw new Error('not written yet');
}
