import type { Config } from '../config/schema.ts';
import type { Group } from '../data/grouping.ts';
import type { EngineClient } from '../engine/client.ts';
import type { AggregationSettings } from '../engine/types.ts';
import type { OnProgress } from '../nn/module/progress.ts';
import type { StepEvent } from '../runs/events.ts';
import type { Seed } from '../runs/manifest.ts';
import type { AggregatedStep, AggregatorMemory, StepGroups } from './aggregation/aggregatedStep.ts';
import type { CheckpointParts } from './checkpoints.ts';
import type { Validation } from './objective/objective.ts';
import type { StepMeter } from './stepMeter.ts';

/** What one run learns with: a model, its data, the groups' gradients and an optimizer, wherever their tensors are. */
export interface Learner extends CheckpointParts {
  /** What the user is to know of it before the first step. */
  readonly warnings?: readonly string[];
  /** The aggregator's state between steps. */
  memory: AggregatorMemory | undefined;
  /**
   * Computes the groups' gradients at the current parameters, and what the aggregator makes of them. The parameters do not change.
   *
   * @param step 1-based
   */
  aggregate(
    groups: readonly Group[],
    step: number,
    options: StepGroups,
    meter: StepMeter,
  ): Promise<PendingStep>;
  /** @param onProgress called after every batch and every generated token; may start again at 0 if a batch does not fit into memory */
  validate(onProgress: OnProgress): Promise<Validation>;
  /** Throws the first error that the device reported since the last call. */
  check?(): void;
  dispose(): void;
}

/** A step whose direction is decided, before the parameters change. */
export interface PendingStep
  extends Pick<
    AggregatedStep,
    'losses' | 'gram' | 'weights' | 'blocks' | 'direct' | 'streaming' | 'warnings'
  > {
  /** From the direction to the parameters: clipping, optimizer, guard. @returns what happened on the way */
  update(learningRate: number): Promise<UpdateFacts>;
  /** Frees the gradients; of a step that failed too. */
  dispose(): void | Promise<void>;
}

export type UpdateFacts = Pick<StepEvent, 'clipping' | 'update' | 'guard'>;

export interface LearnerOptions {
  readonly config: Config;
  readonly engine: EngineClient;
  readonly aggregation: AggregationSettings;
  readonly seed: Seed;
}

/**
 * The learner of one run, before its first step.
 *
 * @throws ModelError if model and data do not fit together
 * @throws Error of the device, if the model does not fit into its memory
 */
export type CreateLearner = (options: LearnerOptions) => Promise<Learner>;
