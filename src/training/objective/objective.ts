import type { Group } from '../../data/grouping.ts';
import type { GradientSource } from '../../nn/module/gradientSource.ts';
import type { Model } from '../../nn/module/model.ts';
import type { OnProgress } from '../../nn/module/progress.ts';
import type { SpreadFacts } from '../../runs/events.ts';
import type { Prediction } from '../../runs/predictions.ts';

/** What one run minimizes: the loss of a network on its data. */
export interface Objective {
  readonly model: Model;
  /**
   * The groups' gradients at the current parameters.
   *
   * @param step 1-based
   */
  gradients(groups: readonly Group[], step: number): GradientSource;
  /** @param onProgress called after every batch and every generated token; may start again at 0 if a batch does not fit into memory */
  validate(onProgress: OnProgress): Promise<Validation>;
  dispose(): void;
}

export interface Validation {
  readonly metrics: Readonly<Record<string, number>>;
  /** Null where no predictions were made. */
  readonly spread: SpreadFacts | null;
  /** Lines of predictions.jsonl: one for each validation example, in the order of the file. */
  readonly predictions: () => readonly Prediction[];
}
