import type * as tf from '@tensorflow/tfjs-core';

/** Rows of tokens: [batch·length, width], one example's tokens together, examples of one group together. */
export type Matrix = tf.Tensor2D;

/** Group g has the rows bounds[g] … bounds[g + 1] − 1; length k + 1, ascending, from 0 to the number of rows. */
export type Bounds = readonly number[];

/** How a weight lies: `out-in`, y = x·Wᵀ, as torch's Linear; `in-out`, y = x·W, as GPT-2's Conv1D. */
export type WeightLayout = 'out-in' | 'in-out';

/** `gelu` is x·Φ(x); `gelu_new` its approximation by tanh (Hendrycks & Gimpel, arXiv 1606.08415). */
export type Activation = 'gelu' | 'gelu_new' | 'relu' | 'silu' | 'tanh';

/** What is dropped: element i where hash(seed, i) < rate; see `dropout.ts`. */
export interface SeededDropout {
  /** 0…1; what is kept is divided by 1 − rate. */
  readonly rate: number;
  /** Unsigned, 32 bits. */
  readonly seed: number;
}

export interface AttentionShape {
  readonly batch: number;
  /** Tokens of each example that ask. */
  readonly queries: number;
  /** Tokens of each example that are asked; more than `queries` where keys of earlier tokens were kept. */
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

/** Cosines and sines [rows, width/2] of the angles that positions turn a head's pairs of coordinates by. */
export interface Rotation {
  readonly cos: Matrix;
  readonly sin: Matrix;
}

/**
 * What a transformer is computed with, and the way back through it, on one device. Every operation but
 * `addLinearWeight` makes new tensors, and disposes of none. All are float32 but for ids, which are int32. Gradients with respect to parameters come group by group,
 * stacked: [k, …shape of the parameter].
 */
export interface Operations {
  /** x·op(W) + b. x [n, in]; W by `layout`; b [out]. */
  linear(x: Matrix, weight: Matrix, bias: tf.Tensor1D | null, layout: WeightLayout): Matrix;
  /** ∂L/∂x [n, in] of a linear layer. */
  linearInput(dy: Matrix, weight: Matrix, layout: WeightLayout): Matrix;
  /** ∂L/∂W [k, …shape of W]. */
  linearWeight(x: Matrix, dy: Matrix, bounds: Bounds, layout: WeightLayout): tf.Tensor3D;
  /** The sum of `before` and what `linearWeight` gives. It is taken over: the sum may be itself, where it lies. */
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
  /** ∂L/∂x, from x as it went in. */
  activationInput(kind: Activation, x: Matrix, dy: Matrix): Matrix;
  /** silu(gate)·up (SwiGLU; Shazeer, arXiv 2002.05202). */
  gated(gate: Matrix, up: Matrix): Matrix;
  gatedInputs(gate: Matrix, up: Matrix, dy: Matrix): { readonly gate: Matrix; readonly up: Matrix };

  /** γ·(x − μ)/√(σ² + ε) + β by rows; `stats` is for the way back. */
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
   * [batch, keys] is added to the scores: 0, or HIDDEN where a key is padding.
   */
  attention(
    q: Matrix,
    k: Matrix,
    v: Matrix,
    mask: tf.Tensor2D,
    shape: AttentionShape,
  ): AttentionResult;
  /** @param probabilities as `attention` made them */
  attentionInputs(
    q: Matrix,
    k: Matrix,
    v: Matrix,
    probabilities: tf.Tensor,
    dy: Matrix,
    shape: AttentionShape,
  ): { readonly q: Matrix; readonly k: Matrix; readonly v: Matrix };
  /**
   * Turns each head's pairs (xⱼ, xⱼ₊w⁄₂) by the angles of its row, or back: rotary positions (Su et al., arXiv 2104.09864) in the
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

/** Added to a score, leaves nothing of its probability; finite, so that a row of nothing else is no NaN. */
export const MASKED = -1e9;

export interface NormResult {
  readonly y: Matrix;
  /** One number a row each. */
  readonly stats: readonly tf.Tensor1D[];
}

export interface AttentionResult {
  readonly y: Matrix;
  /** For the way back. */
  readonly probabilities: tf.Tensor;
}
