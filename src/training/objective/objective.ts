import type { Group } from '../../data/groups/grouping.ts';
import type { Model } from '../../nn/module/model.ts';
import type { OnProgress } from '../../nn/module/onProgress.ts';
import type { StackedGradient } from '../../nn/module/parameter.ts';
import type { GroupGradient } from '../../nn/small/gradients.ts';

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

export type GradientSource = SeparateSource | GroupedSource;

/** One group after another, each made when it is asked for. */
export interface SeparateSource {
  readonly kind: 'separate';
  readonly groups: Iterable<GroupGradient> | AsyncIterable<GroupGradient>;
}

/** All groups in one pass, variable by variable. */
export interface GroupedSource {
  readonly kind: 'grouped';
  /** Variables that are used in several places: a gradient comes from each, the last of them perhaps at the end of the pass. */
  readonly tied?: readonly number[];
  /**
   * Another run gives the same gradients again.
   *
   * @returns mean loss of each group, before the step
   */
  run(sink: GradientSink): Promise<readonly number[]>;
}

/** Where the groups' gradients go on the way back. */
export interface GradientSink {
  /**
   * Takes over the tensor, which outlives any scope. What comes several times for a variable is summed, rows and all.
   *
   * @param variable index into `model.trainable`
   */
  add(variable: number, gradient: StackedGradient): void;
  /** To be awaited between layers on the way back: what is complete may be aggregated and let go. */
  settle(): Promise<void>;
}
