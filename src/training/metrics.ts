import { sampleCorrelation } from 'simple-statistics';
import type { Task } from './loss.ts';

/** Outputs of a network over n examples, row-major n×width. */
export interface Outputs {
  readonly values: Float32Array;
  /** Classes, or 1 for regression. */
  readonly width: number;
}

/**
 * Quality of outputs, in float64.
 *
 * classification: `loss` (mean cross-entropy, nats), `accuracy`, `macroF1` (mean of the classes' F1, over classes that occur
 * among targets or predictions). regression: `loss` (mean squared error), `rmse`, `mae`, `pearson` (NaN where a side is constant).
 * @param targets length n: class indices, or values.
 */
export function measure(
  task: Task,
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

/** Index of the largest output of each example, the first of equals; −1 where none is a number. */
export function predictedClasses({ values, width }: Outputs): Int32Array {
  return Int32Array.from({ length: values.length / width }, (_, row) => {
    const logits = values.subarray(row * width, (row + 1) * width);
    return logits.indexOf(logits.reduce((a, b) => (b > a || Number.isNaN(a) ? b : a), Number.NaN));
  });
}

function measureClassification(outputs: Outputs, targets: ArrayLike<number>) {
  const { values, width } = outputs;
  const predictions = predictedClasses(outputs);
  const right = new Float64Array(width);
  const predicted = new Float64Array(width);
  const actual = new Float64Array(width);
  let loss = 0;
  for (let i = 0; i < targets.length; i++) {
    const [target, prediction] = [targets[i]!, predictions[i]!];
    loss += crossEntropy(values.subarray(i * width, (i + 1) * width), target);
    actual[target]!++;
    if (prediction >= 0) predicted[prediction]!++;
    if (prediction === target) right[target]!++;
  }
  const scores: number[] = [];
  for (let c = 0; c < width; c++) {
    const occurrences = actual[c]! + predicted[c]!;
    if (occurrences > 0) scores.push((2 * right[c]!) / occurrences);
  }
  return {
    loss: loss / targets.length,
    accuracy: sum(right) / targets.length,
    macroF1: sum(scores) / scores.length,
  };
}

/** log Σ exp(logits) − logits[target], shifted by the largest logit against overflow. */
function crossEntropy(logits: Float32Array, target: number): number {
  const largest = Math.max(...logits);
  let total = 0;
  for (const logit of logits) total += Math.exp(logit - largest);
  return Math.log(total) + largest - logits[target]!;
}

function measureRegression(values: Float32Array, targets: ArrayLike<number>) {
  const errors = Array.from(values, (value, i) => value - targets[i]!);
  const meanSquare = sum(errors.map((error) => error * error)) / errors.length;
  return {
    loss: meanSquare,
    rmse: Math.sqrt(meanSquare),
    mae: sum(errors.map(Math.abs)) / errors.length,
    pearson: sampleCorrelation([...values], Array.from(targets)),
  };
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
