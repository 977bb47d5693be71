import * as tf from '@tensorflow/tfjs-core';
import type { Matrix } from '../../backends/operations/operations.ts';
import type { Parameter } from '../module/parameter.ts';
import type { Pass } from '../module/pass.ts';
import type { Answers } from './answers.ts';

/** The loss of a language model on the answers of a batch, kept until the end of the pass. */
export interface CausalLoss {
  /** Of each answer token, in nats. */
  readonly losses: tf.Tensor1D;
  /** Of the groups' mean losses with respect to the hidden states [rows, width]; none where there is no way back. */
  readonly slope: Matrix | undefined;
}

/** Logits of so many bytes are made at a time: with a large vocabulary those of a whole batch would fill the memory. */
export const LOGIT_BYTES = 2 ** 26;

/**
 * Cross-entropy of the answers alone. The head's gradients go to the sink in one piece, as the losses are computed.
 *
 * @param hidden [rows, width]: what the head is applied to
 * @param head [vocabulary, width]
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
    if (answers.rows.length === 0) return nothingAsked(hidden, head, answers, pass);
    const chosen = operations.gather(hidden, tf.tensor1d(answers.rows, 'int32'));
    const rowsAtOnce = Math.max(Math.floor(logitBytes / (4 * head.value.shape[0])), 1);
    const blocks: BlockLoss[] = [];
    let stacked = sink && head.trained ? noWeights(head, answers) : undefined;
    for (let start = 0; start < answers.rows.length; start += rowsAtOnce) {
      const end = Math.min(start + rowsAtOnce, answers.rows.length);
      const block = lossOfBlock(chosen, head, answers, [start, end], stacked, pass);
      blocks.push(block);
      stacked = block.stacked;
    }
    const losses = tf.concat(blocks.map((block) => block.losses));
    if (!sink) return { losses, slope: undefined };
    if (stacked) sink.add(head, { stacked });
    const slopes = tf.concat(blocks.map((block) => block.slope!));
    return { losses, slope: scattered(slopes, answers.rows, hidden.shape[0], pass) };
  });
}

/** No example has an answer, as may be where texts are cut. */
function nothingAsked(hidden: Matrix, head: Parameter<Matrix>, answers: Answers, { sink }: Pass) {
  const losses = tf.tensor1d(new Float32Array());
  if (!sink) return { losses, slope: undefined };
  if (head.trained) sink.add(head, { stacked: noWeights(head, answers) });
  return { losses, slope: tf.zerosLike(hidden) };
}

interface BlockLoss {
  readonly losses: tf.Tensor1D;
  readonly slope: Matrix | undefined;
  /** Gradients of the head so far [k, vocabulary, width], where it is trained. */
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
    const { losses, gradient: slope } = operations.crossEntropy(
      operations.linear(rows, head.value, null, 'out-in'),
      answers.labels.subarray(start, end),
      answers.weights.subarray(start, end),
    );
    if (!sink) return { losses, slope: undefined, stacked: undefined };
    const bounds = answers.bounds.map((bound) => Math.min(Math.max(bound, start), end) - start);
    return {
      losses,
      slope: operations.linearInput(slope, head.value, 'out-in'),
      stacked: before && operations.addLinearWeight(before, rows, slope, bounds, 'out-in'),
    };
  });
}

function noWeights(head: Parameter<Matrix>, { bounds }: Answers): tf.Tensor3D {
  return tf.zeros([bounds.length - 1, ...head.value.shape]);
}

/** Slopes back at their rows, and 0 at all others. */
function scattered(slopes: Matrix, rows: Int32Array, count: number, { operations }: Pass): Matrix {
  const sums = operations.segmentSums(slopes, rows, count, [0, rows.length]);
  return tf.squeeze(sums, [0]);
}
