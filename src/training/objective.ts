import type { GroupGradient } from './gradients.ts';
import type { Group } from './groups/grouping.ts';
import type { Model } from './models/model.ts';
import type { StackedGradient } from './transformer/parameter.ts';

/** A network, its data and its loss together: what a run minimises. */
export interface Objective {
  readonly model: Model;
  /**
   * What the groups' gradients come from, at the parameters as they are.
   *
   * @param step 1-based
   */
  gradients(groups: readonly Group[], step: number): GradientSource;
  validate(): Promise<Validation>;
  dispose(): void;
}

export interface Validation {
  readonly metrics: Readonly<Record<string, number>>;
  /** Lines of predictions.jsonl: one for each validation example, in the order of the file. */
  readonly predictions: () => readonly object[];
}

/** One group after another, each made when it is asked for; or all in one pass, variable by variable. */
export type GradientSource =
  | {
      readonly kind: 'separate';
      readonly groups: Iterable<GroupGradient> | AsyncIterable<GroupGradient>;
    }
  | {
      readonly kind: 'grouped';
      /** @returns mean loss of each group, before the step */
      run(sink: GradientSink): Promise<readonly number[]>;
    };

/** Where the groups' gradients go on the way back. */
export interface GradientSink {
  /**
   * Takes over the tensor, which outlives any scope. One that comes twice, as a tied weight does, is summed; one of the two may
   * be of some rows alone.
   *
   * @param variable index into `model.trainable`
   */
  add(variable: number, gradient: StackedGradient): void;
  /** To be awaited between layers on the way back: what is complete may be aggregated and let go. */
  settle(): Promise<void>;
}
