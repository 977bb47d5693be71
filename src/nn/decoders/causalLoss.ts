import * as tf from '@tensorflow/tfjs-core';
import type { Bounds, Matrix } from '../../backends/operations/operations.ts';
import type { TokenBatch } from '../../data/tokenBatch.ts';
import { eachGroup, meanWeights } from '../module/loss.ts';
import type { Parameter } from '../module/parameter.ts';
import type { Pass } from '../module/pass.ts';

/** The loss of a language model on the answers of a batch; its tensors live until the end of the pass. */
export interface CausalLoss {
  /** Cross-entropy of each answer token, in nats. */
  readonly losses: tf.Tensor1D;
  /** Gradient of the groups' mean losses by the hidden states [rows, hiddenSize]; undefined if there is no backward pass. */
  readonly gradient: Matrix | undefined;
}

/** Bytes of logits computed at a time: with a large vocabulary those of a whole batch would not fit in memory. */
export const LOGIT_BYTES = 2 ** 26;

/**
 * Cross-entropy of the answers alone. The head's gradients go to the sink in one piece, as the losses are computed.
 *
 * @param hidden [rows, hiddenSize]: what the head is applied to
 * @param head [vocabSize, hiddenSize]
 */
export function causalLoss(
  hidden: Matrix,
  head: Parameter<Matrix>,
  answers: Answers,
  pass: Pass,
  logitBytes = LOGIT_BYTES,
): CausalLoss {
  const { operations, sink } = pass;
  return pass.scope.tidy(() => {
    if (answers.rows.length === 0) return emptyLoss(hidden, head, answers, pass);
    const chosen = operations.gather(hidden, tf.tensor1d(answers.rows, 'int32'));
    const rowsAtOnce = Math.max(Math.floor(logitBytes / (4 * head.value.shape[0])), 1);
    const blocks: BlockLoss[] = [];
    let stacked = sink && head.trained ? zeroGradients(head, answers) : undefined;
    for (let start = 0; start < answers.rows.length; start += rowsAtOnce) {
      const end = Math.min(start + rowsAtOnce, answers.rows.length);
      const block = lossOfBlock(chosen, head, answers, [start, end], stacked, pass);
      blocks.push(block);
      stacked = block.stacked;
    }
    const losses = tf.concat(blocks.map((block) => block.losses));
    if (!sink) return { losses, gradient: undefined };
    if (stacked) sink.add(head, { stacked });
    const gradients = tf.concat(blocks.map((block) => block.gradient!));
    return { losses, gradient: scattered(gradients, answers.rows, hidden.shape[0], pass) };
  });
}

/** For a batch without answer tokens, which truncation may cause. */
function emptyLoss(hidden: Matrix, head: Parameter<Matrix>, answers: Answers, { sink }: Pass) {
  const losses = tf.tensor1d(new Float32Array());
  if (!sink) return { losses, gradient: undefined };
  if (head.trained) sink.add(head, { stacked: zeroGradients(head, answers) });
  return { losses, gradient: tf.zerosLike(hidden) };
}

interface BlockLoss {
  readonly losses: tf.Tensor1D;
  readonly gradient: Matrix | undefined;
  /** Gradients of the head so far [k, vocabSize, hiddenSize], if it is trained. */
  readonly stacked: tf.Tensor3D | undefined;
}

/** @param before gradients of the head from the blocks before */
function lossOfBlock(
  chosen: Matrix,
  head: Parameter<Matrix>,
  answers: Answers,
  [start, end]: readonly [start: number, end: number],
  before: tf.Tensor3D | undefined,
  { operations, sink }: Pass,
): BlockLoss {
  return tf.tidy(() => {
    const rows = tf.slice(chosen, [start, 0], [end - start, chosen.shape[1]]);
    const { losses, gradient } = operations.crossEntropy(
      operations.linear(rows, head.value, null, 'out-in'),
      answers.labels.subarray(start, end),
      answers.weights.subarray(start, end),
    );
    if (!sink) return { losses, gradient: undefined, stacked: undefined };
    const bounds = answers.bounds.map((bound) => Math.min(Math.max(bound, start), end) - start);
    return {
      losses,
      gradient: operations.linearInput(gradient, head.value, 'out-in'),
      stacked: before && operations.addLinearWeight(before, rows, gradient, bounds, 'out-in'),
    };
  });
}

function zeroGradients(head: Parameter<Matrix>, { bounds }: Answers): tf.Tensor3D {
  return tf.zeros([bounds.length - 1, ...head.value.shape]);
}

/** Gradients at their rows, and 0 at all others. */
function scattered(
  gradients: Matrix,
  rows: Int32Array,
  count: number,
  { operations }: Pass,
): Matrix {
  const sums = operations.segmentSums(gradients, rows, count, [0, rows.length]);
  return tf.squeeze(sums, [0]);
}

/** The answer tokens of a batch, which the loss is computed over, in the order of the batch. */
export interface Answers {
  /** For each, the row of the token before it, which predicts it; ascending. */
  readonly rows: Int32Array;
  /** Ids of the tokens. */
  readonly labels: Int32Array;
  /** Each token's weight in the mean loss of its group: one over the group's number of answer tokens. */
  readonly weights: Float32Array;
  /** Group g has the answer tokens bounds[g] … bounds[g + 1] − 1. */
  readonly bounds: Bounds;
}

/**
 * @param starts where each example's answer starts, in tokens; it ends with the example. An example's first token has no
 * predecessor, so it is never predicted.
 */
export function answersOf(tokens: TokenBatch, starts: ArrayLike<number>): Answers {
  const { ids, length, lengths, exampleBounds: examples } = tokens;
  const rows: number[] = [];
  const bounds = [0];
  eachGroup(examples, (start, end) => {
    for (let example = start; example < end; example++) {
      const first = Math.max(starts[example]!, 1);
      for (let at = first; at < lengths[example]!; at++) rows.push(example * length + at - 1);
    }
    bounds.push(rows.length);
  });
  return {
    rows: Int32Array.from(rows),
    labels: Int32Array.from(rows, (row) => ids[row + 1]!),
    weights: meanWeights(bounds),
    bounds,
  };
}
