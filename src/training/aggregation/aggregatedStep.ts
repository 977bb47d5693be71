import type * as tf from '@tensorflow/tfjs-core';
import type { BlockMemory } from '../../engine/blocks.ts';
import type { MeasuredVector, Memory, Warning } from '../../engine/types.ts';
import type { ArrivalFacts } from '../../runs/events.ts';
import type { ParameterVector } from './products.ts';

/** State that an aggregator carries from step to step, as plain JSON. */
export type AggregatorMemory = Memory | BlockMemory;

/** Whether it is the memory of one aggregation rather than of one per parameter block. */
export function isMemory(memory: AggregatorMemory): memory is Memory {
  // A block may be named `groups`, but its memory is not a list.
  return Array.isArray(memory.groups);
}

/** Which groups take part in a step. */
export interface StepGroups {
  /** Examples of each group, length k. */
  readonly sizes: readonly number[];
  /** Identity of each group across steps, length k; default 0…k−1. */
  readonly groups?: readonly number[];
  /** For aggregators that use random numbers; default 0. */
  readonly seed?: number;
}

/** The direction of one step, and the facts that it was computed from. */
export interface AggregatedStep {
  /** Mean loss per group, before the step. */
  readonly losses: Float32Array;
  /** H, k×k row-major, in the metric of the aggregation; null if the gradients were never in memory at the same time. */
  readonly gram: Float64Array | null;
  /** P^½ if that metric is P's, one tensor per trained variable, until the step is disposed of; null: Euclidean. */
  readonly metricRoot: ParameterVector | null;
  /** Length k; null if d is not a weighted sum. */
  readonly weights: Float64Array | null;
  readonly blocks?: readonly BlockOfStep[];
  /** ‖d‖² and ⟨d, gᵢ⟩, if d is not a weighted sum and they do not follow from H. */
  readonly direct?: MeasuredVector;
  readonly streaming?: readonly ArrivalFacts[];
  /** d, one tensor per trained variable. Null: skip the step. */
  readonly gradients: readonly tf.Tensor[] | null;
  /** ‖v‖² of a vector and its inner products with the groups' gradients, until the step is disposed of; null if the gradients already are. */
  readonly measure: ((vector: ParameterVector) => Promise<MeasuredVector>) | null;
  /** Σ cᵢgᵢ, one tensor per trained variable, as long as `measure`; at least one coefficient is not 0. */
  readonly combine: ((coefficients: Float64Array) => readonly tf.Tensor[]) | null;
  readonly warnings: readonly Warning[];
  /** Disposes of all tensors of the step. */
  dispose(): void;
}

export interface BlockOfStep {
  readonly name: string;
  /** k×k row-major. */
  readonly gram: Float64Array;
  /** Length k. */
  readonly weights: Float64Array;
}
