import type * as tf from '@tensorflow/tfjs-core';

/** Rows of tokens: [batch·length, width], one example's tokens together, examples of one group together. */
export type Matrix = tf.Tensor2D;

/** Group g has the rows bounds[g] … bounds[g + 1] − 1; length k + 1, ascending, from 0 to the number of rows. */
export type Bounds = readonly number[];

/** Memory layout of a weight: `out-in`, y = x·Wᵀ, as torch's Linear; `in-out`, y = x·W, as GPT-2's Conv1D. */
export type WeightLayout = 'out-in' | 'in-out';

/** `gelu` is x·Φ(x); `gelu_new` its approximation by tanh (Hendrycks & Gimpel, arXiv 1606.08415). */
export type Activation = 'gelu' | 'gelu_new' | 'relu' | 'silu' | 'tanh';

/** Dropout that drops element i if hash(i, seed) < rate; see `dropout.ts`. */
export interface SeededDropout {
  /** 0…1; the other elements are divided by 1 − rate. */
  readonly rate: number;
  /** Unsigned, 32 bits. */
  readonly seed: number;
}

export interface AttentionShape {
  readonly batch: number;
  /** Number of query tokens of each example. */
  readonly queries: number;
  /** Number of key tokens of each example; more than `queries` with a KV cache. */
  readonly keys: number;
  readonly heads: number;
  /** Divides `heads`: so many heads in turn share keys and values (Ainslie et al., arXiv 2305.13245). */
  readonly keyValueHeads: number;
  /** Of one head. */
  readonly width: number;
  /** Query i sees keys up to i + keys − queries. */
  readonly causal: boolean;
  /** Of the probabilities [batch, heads, queries, keys]. */
  readonly dropout: SeededDropout | null;
}

/** Cosines and sines [rows, width/2] of the angles by which positions rotate a head's pairs of coordinates. */
export interface Rotation {
  readonly cos: Matrix;
  readonly sin: Matrix;
}

/**
 * The operations of transformers and their backward passes on one device. Inputs are never disposed of, and every result is a
 * new tensor, except in `addLinearWeight`. Values are float32, ids int32. As in torch.nn.grad, `…Input` is ∂L/∂x and `…Weight` or
 * `…Parameters` the gradients of parameters: one per group, stacked to [k, …shape of the parameter].
 */
export interface Operations {
  /** x·op(W) + b. x [n, in]; W by `layout`; b [out]. */
  linear(x: Matrix, weight: Matrix, bias: tf.Tensor1D | null, layout: WeightLayout): Matrix;
  /** ∂L/∂x [n, in] of a linear layer. */
  linearInput(dy: Matrix, weight: Matrix, layout: WeightLayout): Matrix;
  /** ∂L/∂W [k, …shape of W]. */
  linearWeight(x: Matrix, dy: Matrix, bounds: Bounds, layout: WeightLayout): tf.Tensor3D;
  /** `before` plus the result of `linearWeight`. Takes ownership of `before`, which may be updated in place and returned. */
  addLinearWeight(
    before: tf.Tensor3D,
    x: Matrix,
    dy: Matrix,
    bounds: Bounds,
    layout: WeightLayout,
  ): tf.Tensor3D;
  /** Sums over the rows of each group, [k, width]. */
  rowSums(dy: Matrix, bounds: Bounds): tf.Tensor2D;

  add(x: Matrix, y: Matrix): Matrix;
  dropout(x: Matrix, dropped: SeededDropout): Matrix;
  activation(kind: Activation, x: Matrix): Matrix;
  /** ∂L/∂x; x is the input of `activation`. */
  activationInput(kind: Activation, x: Matrix, dy: Matrix): Matrix;
  /** silu(gate)·up (SwiGLU; Shazeer, arXiv 2002.05202). */
  gated(gate: Matrix, up: Matrix): Matrix;
  gatedInputs(gate: Matrix, up: Matrix, dy: Matrix): { readonly gate: Matrix; readonly up: Matrix };

  /** γ·(x − μ)/√(σ² + ε) + β by rows; `stats` is for the backward pass. */
  layerNorm(x: Matrix, gamma: tf.Tensor1D, beta: tf.Tensor1D, epsilon: number): NormResult;
  layerNormInput(x: Matrix, gamma: tf.Tensor1D, stats: readonly tf.Tensor1D[], dy: Matrix): Matrix;
  /** [k, width] each. */
  layerNormParameters(
    x: Matrix,
    stats: readonly tf.Tensor1D[],
    dy: Matrix,
    bounds: Bounds,
  ): { readonly gamma: tf.Tensor2D; readonly beta: tf.Tensor2D };
  /** γ·x/√(mean(x²) + ε) by rows (Zhang & Sennrich, arXiv 1910.07467). */
  rmsNorm(x: Matrix, gamma: tf.Tensor1D, epsilon: number): NormResult;
  rmsNormInput(x: Matrix, gamma: tf.Tensor1D, stats: readonly tf.Tensor1D[], dy: Matrix): Matrix;
  rmsNormParameter(
    x: Matrix,
    stats: readonly tf.Tensor1D[],
    dy: Matrix,
    bounds: Bounds,
  ): tf.Tensor2D;

  /**
   * softmax(q·kᵀ/√width + mask)·v, head by head. q [batch·queries, heads·width]; k, v [batch·keys, keyValueHeads·width]; mask
   * [batch, keys] is added to the scores: 0, or MASKED where a key is padding.
   */
  attention(
    q: Matrix,
    k: Matrix,
    v: Matrix,
    mask: tf.Tensor2D,
    shape: AttentionShape,
  ): AttentionResult;
  /** @param probabilities as returned by `attention` */
  attentionInputs(
    q: Matrix,
    k: Matrix,
    v: Matrix,
    probabilities: tf.Tensor,
    dy: Matrix,
    shape: AttentionShape,
  ): { readonly q: Matrix; readonly k: Matrix; readonly v: Matrix };
  /**
   * Rotates each head's pairs (xⱼ, xⱼ₊w⁄₂) by the angles of its row, or back: rotary positions (Su et al., arXiv 2104.09864) in the
   * halves of Llama. x [rows, heads·w].
   */
  rotate(x: Matrix, rotation: Rotation, direction: 1 | -1): Matrix;

  /** Rows of a table. ids int32 [n] → [n, width]. */
  gather(table: Matrix, ids: tf.Tensor1D): Matrix;
  /** Sums of rows by segment and group: out[g, s] = Σ dy[i] over the rows i of group g with segment s; [k, segments, width]. */
  segmentSums(dy: Matrix, segments: Int32Array, count: number, bounds: Bounds): tf.Tensor3D;

  /**
   * Cross-entropy of each row, in nats, and its gradient softmax − one-hot, each row's multiplied by its weight. Where a label
   * is −1 both are 0.
   */
  crossEntropy(
    logits: Matrix,
    labels: Int32Array,
    weights: Float32Array,
  ): { readonly losses: tf.Tensor1D; readonly gradient: Matrix };
}

/** Added to a score, it makes the probability 0; finite, so that a fully masked row is not NaN. */
export const MASKED = -1e9;

export interface NormResult {
  readonly y: Matrix;
  /** One number per row each. */
  readonly stats: readonly tf.Tensor1D[];
}

export interface AttentionResult {
  readonly y: Matrix;
  /** For the backward pass. */
  readonly probabilities: tf.Tensor;
}
