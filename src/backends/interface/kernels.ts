import type * as tf from '@tensorflow/tfjs-core';

/** Sums over stacked gradients [k, …], computed in place, without copying them. */
export interface StackedKernels {
  /** Adds G·Gᵀ to `gram`, k×k row-major; float64 sums. */
  addGram(stacked: tf.Tensor, gram: Float64Array): void;
  /**
   * Σ wᵢGᵢ as a tensor of `shape`, in float32, terms in order: (w₀g₀ + w₁g₁) + …. Groups of weight 0 are left out, even if they are
   * not finite.
   */
  combine(stacked: tf.Tensor, weights: Float64Array, shape: readonly number[]): tf.Tensor;
  /** ⟨v, Gᵢ⟩ for each i, and ‖v‖² last; float64 sums. */
  products(stacked: tf.Tensor, vector: tf.Tensor): Float64Array;
}

/** A fused in-place AdamW step of one variable: see `AdamW` for the formula. */
export type AdamWStep = (tensors: AdamWTensors, factors: AdamWFactors) => void;

/** All of one shape. */
export interface AdamWTensors {
  readonly variable: tf.Variable;
  /** First moment, m. */
  readonly first: tf.Tensor;
  /** Second moment, v. If `prepared`, it was updated for this step already and is only read. */
  readonly second: tf.Tensor;
  readonly gradient: tf.Tensor;
  readonly prepared: boolean;
}

export interface AdamWFactors {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** 1 − ηλ. */
  readonly decay: number;
  /** η/(1 − β₁ᵗ). */
  readonly rate: number;
  /** 1 − β₂ᵗ. */
  readonly correction: number;
}
