import type * as tf from '@tensorflow/tfjs-core';

/** A step of AdamW for one variable, in place and in one pass: see `AdamW` for the formula. */
export type AdamWStep = (tensors: AdamWTensors, factors: AdamWFactors) => void;

/** All of one shape. */
export interface AdamWTensors {
  readonly variable: tf.Variable;
  readonly first: tf.Tensor;
  /** Of the step to come, where it was prepared: then it is only read. */
  readonly second: tf.Tensor;
  readonly gradient: tf.Tensor;
  readonly prepared: boolean;
}

export interface AdamWFactors {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** 1 − ηλ. */
  readonly kept: number;
  /** η/(1 − β₁ᵗ). */
  readonly rate: number;
  /** 1 − β₂ᵗ. */
  readonly correction: number;
}
