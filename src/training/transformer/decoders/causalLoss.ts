import * as tf from '@tensorflow/tfjs-core';
import { eachGroup } from '../groupMeans.ts';
import type { Matrix } from '../operations.ts';
import type { Parameter } from '../parameter.ts';
import type { Pass } from '../pass.ts';
import type { Answers } from './answers.ts';

/** The loss of a language model on the answers of a batch. Whoever receives it disposes of its tensors. */
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
  if (answers.rows.length === 0) return nothingAsked(hidden, head, answers, pass);
  return tf.tidy(() => {
    const chosen = operations.gather(hidden, tf.tensor1d(answers.rows, 'int32'));
    const rowsAtOnce = Math.max(Math.floor(logitBytes / (4 * head.value.shape[0])), 1);
    const groups = spansOf(answers, head.trained && sink !== null).map((span) =>
      lossOfSpan(chosen, head, answers, span, rowsAtOnce, pass),
    );
    const losses = tf.concat(groups.map((group) => group.losses));
    if (!sink) return { losses, slope: undefined };
    if (head.trained) sink.add(head, { stacked: tf.stack(groups.map((group) => group.weight!)) });
    const slopes = tf.concat(groups.map((group) => group.slope!));
    return { losses, slope: scattered(slopes, answers.rows, hidden.shape[0], pass) };
  });
}

/** No example has an answer, as may be where texts are cut. */
function nothingAsked(
  hidden: Matrix,
  head: Parameter<Matrix>,
  { bounds }: Answers,
  { sink }: Pass,
): CausalLoss {
  const losses = tf.tensor1d(new Float32Array());
  if (!sink) return { losses, slope: undefined };
  const groups = bounds.length - 1;
  if (head.trained) sink.add(head, { stacked: tf.zeros([groups, ...head.value.shape]) });
  return { losses, slope: tf.zerosLike(hidden) };
}

type Span = readonly [start: number, end: number];

/** The groups, where each has gradients of its own here; else all at once, so that matrices are large. */
function spansOf({ bounds }: Answers, byGroup: boolean): readonly Span[] {
  return byGroup ? eachGroup(bounds, (start, end) => [start, end]) : [[0, bounds.at(-1)!]];
}

interface SpanLoss {
  readonly losses: tf.Tensor1D;
  readonly slope: Matrix | undefined;
  /** Gradient of the head, where it is trained. */
  readonly weight: Matrix | undefined;
}

function lossOfSpan(
  chosen: Matrix,
  head: Parameter<Matrix>,
  answers: Answers,
  [start, end]: Span,
  rowsAtOnce: number,
  pass: Pass,
): SpanLoss {
  return tf.tidy(() => {
    const { sink } = pass;
    const none: Matrix = tf.zeros([0, chosen.shape[1]]);
    let weight: Matrix | undefined = sink && head.trained ? tf.zeros(head.value.shape) : undefined;
    const losses: tf.Tensor1D[] = [tf.tensor1d([])];
    const slopes: Matrix[] = [none];
    for (let at = start; at < end; at += rowsAtOnce) {
      const block = lossOfBlock(chosen, head, answers, [at, Math.min(at + rowsAtOnce, end)], pass);
      losses.push(block.losses);
      if (block.slope) slopes.push(block.slope);
      if (weight && block.weight) weight = replaced(weight, block.weight);
    }
    return { losses: tf.concat(losses), slope: sink ? tf.concat(slopes) : undefined, weight };
  });
}

function lossOfBlock(
  chosen: Matrix,
  head: Parameter<Matrix>,
  answers: Answers,
  [start, end]: Span,
  { operations, sink }: Pass,
): SpanLoss {
  return tf.tidy(() => {
    const rows = tf.slice(chosen, [start, 0], [end - start, chosen.shape[1]]);
    const { losses, slope } = operations.crossEntropy(
      operations.linear(rows, head.value, null, 'out-in'),
      answers.labels.subarray(start, end),
      answers.weights.subarray(start, end),
    );
    if (!sink) return { losses, slope: undefined, weight: undefined };
    const weight = head.trained
      ? operations.linearWeight(rows, slope, [0, end - start], 'out-in')
      : undefined;
    return {
      losses,
      slope: operations.linearInput(slope, head.value, 'out-in'),
      weight: weight && (tf.squeeze(weight, [0]) as Matrix),
    };
  });
}

/** The sum; the two it is made of are let go at once, being as large as the head. */
function replaced(x: Matrix, y: Matrix): Matrix {
  const sum: Matrix = tf.add(x, y);
  tf.dispose([x, y]);
  return sum;
}

/** Slopes back at their rows, and 0 at all others. */
function scattered(slopes: Matrix, rows: Int32Array, count: number, { operations }: Pass): Matrix {
  const sums = operations.segmentSums(slopes, rows, count, [0, rows.length]);
  return tf.squeeze(sums, [0]);
}
