import type { Group } from '../../data/grouping.ts';
import type { GradientSource } from '../../nn/module/gradientSource.ts';
import type { Model } from '../../nn/module/model.ts';
import type { OnProgress } from '../../nn/module/onProgress.ts';

/** A network, its data and its loss together: what a run minimises. */
export interface Objective {
  readonly model: Model;
  /**
   * What the groups' gradients come from, at the parameters as they are.
   *
   * @param step 1-based
   */
  gradients(groups: readonly Group[], step: number): GradientSource;
  /** Told of every batch, and of every token that is generated; where there is too little memory it may begin again. */
  validate(onProgress: OnProgress): Promise<Validation>;
  dispose(): void;
}

export interface Validation {
  readonly metrics: Readonly<Record<string, number>>;
  /** Lines of predictions.jsonl: one for each validation example, in the order of the file. */
  readonly predictions: () => readonly object[];
}
