import { sampleCorrelation, sampleRankCorrelation } from 'simple-statistics';
import { finalAnswer } from '../../data/prompts.ts';
import type { SupervisedTask } from '../../nn/module/loss.ts';

/** A network's outputs for n examples, row-major n×width. */
export interface Outputs {
  readonly values: Float32Array;
  /** Classes, or 1 for regression. */
  readonly width: number;
}

/**
 * Quality of outputs, in float64.
 *
 * classification: `loss` (mean cross-entropy, nats), `accuracy`, `macroF1` (mean of the classes' F1, over classes that occur
 * among targets or predictions), `f1` (of the second of two classes; absent if there are more), `mcc`. regression: `loss` (mean
 * squared error), `rmse`, `mae`, `pearson` and `spearman` (NaN if either side is constant).
 * @param targets length n: class indices, or values.
 */
export function measure(
  task: SupervisedTask,
  outputs: Outputs,
  targets: ArrayLike<number>,
): Record<string, number> {
  switch (task) {
    case 'classification':
      return measureClassification(outputs, targets);
    case 'regression':
      return measureRegression(outputs.values, targets);
  }
}

/** Index of the largest output of each example, the first of equals; −1 if all are NaN. */
export function predictedClasses({ values, width }: Outputs): Int32Array {
  return Int32Array.from({ length: values.length / width }, (_, row) => {
    const logits = values.subarray(row * width, (row + 1) * width);
    return logits.indexOf(logits.reduce((a, b) => (b > a || Number.isNaN(a) ? b : a), Number.NaN));
  });
}

function measureClassification(outputs: Outputs, targets: ArrayLike<number>) {
  const { values, width } = outputs;
  const predictions = predictedClasses(outputs);
  const correct = new Float64Array(width);
  const predicted = new Float64Array(width);
  const actual = new Float64Array(width);
  let loss = 0;
  for (let i = 0; i < targets.length; i++) {
    const [target, prediction] = [targets[i]!, predictions[i]!];
    loss += crossEntropy(values.subarray(i * width, (i + 1) * width), target);
    actual[target]!++;
    if (prediction >= 0) predicted[prediction]!++;
    if (prediction === target) correct[target]!++;
  }
  // 0/0 if a class does not occur at all.
  const f1 = correct.map((hits, c) => (2 * hits) / (actual[c]! + predicted[c]!));
  const scores = f1.filter((score) => !Number.isNaN(score));
  return {
    loss: loss / targets.length,
    accuracy: sum(correct) / targets.length,
    macroF1: sum(scores) / scores.length,
    ...(width === 2 && { f1: f1[1]! || 0 }),
    mcc: matthews(correct, actual, predicted, targets.length),
  };
}

/**
 * Matthews correlation of any number of classes (Gorodkin 2004): the correlation of the indicators of target and prediction. 0
 * if either is constant.
 * @param n examples; those without a prediction count as a separate class
 */
function matthews(
  correct: Float64Array,
  actual: Float64Array,
  predicted: Float64Array,
  n: number,
): number {
  const unpredicted = n - sum(predicted);
  const covariance = n * sum(correct) - dot(actual, predicted);
  const spread =
    (n * n - dot(actual, actual)) * (n * n - dot(predicted, predicted) - unpredicted ** 2);
  return spread === 0 ? 0 : covariance / Math.sqrt(spread);
}

/** log Σ exp(logits) − logits[target], shifted by the largest logit against overflow. */
function crossEntropy(logits: Float32Array, target: number): number {
  const largest = Math.max(...logits);
  let total = 0;
  for (const logit of logits) total += Math.exp(logit - largest);
  return Math.log(total) + largest - logits[target]!;
}

function measureRegression(values: Float32Array, targets: ArrayLike<number>) {
  const [outputs, wanted] = [Array.from(values), Array.from(targets)];
  const errors = outputs.map((value, i) => value - wanted[i]!);
  // One example has no correlation, and NaN has no rank.
  const isDefined = outputs.length > 1 && !outputs.some(Number.isNaN);
  const correlation = (of: typeof sampleCorrelation) =>
    isDefined ? of(outputs, wanted) : Number.NaN;
  const meanSquare = sum(errors.map((error) => error * error)) / errors.length;
  return {
    loss: meanSquare,
    rmse: Math.sqrt(meanSquare),
    mae: sum(errors.map(Math.abs)) / errors.length,
    pearson: correlation(sampleCorrelation),
    spearman: correlation(sampleRankCorrelation),
  };
}

/** Generated texts and their references. */
interface Answers {
  readonly generated: readonly string[];
  /** As many as `generated`, at least one. */
  readonly references: readonly string[];
  /** The config's `answerAfter`. */
  readonly marker: string | undefined;
}

/**
 * `loss` and `perplexity` of the answers' tokens and, if texts were generated, `exactMatch`: the share of texts whose final answer
 * equals the reference's.
 * @param loss mean cross-entropy of a token, nats
 */
export function measureGeneration(loss: number, answers: Answers | null): Record<string, number> {
  return {
    loss,
    perplexity: Math.exp(loss),
    ...(answers && { exactMatch: exactMatch(answers) }),
  };
}

function exactMatch({ generated, references, marker }: Answers): number {
  const matches = generated.filter((text, i) => {
    const answer = finalAnswer(text, marker);
    return answer !== null && answer === finalAnswer(references[i]!, marker);
  });
  return matches.length / generated.length;
}

function dot(a: Float64Array, b: Float64Array): number {
  return sum(a.map((value, i) => value * b[i]!));
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
