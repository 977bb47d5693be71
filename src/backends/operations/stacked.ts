import type * as tf from '@tensorflow/tfjs-core';

/** Sums over stacked gradients [k, …] where they lie. */
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
