import writeFileAtomic from 'write-file-atomic';
import type { Data, Examples } from '../../data/dataset.ts';
import { runFile } from '../../runs/grainFolder.ts';
import { jsonLine } from '../../runs/jsonLine.ts';
import type { Prediction } from '../../runs/predictions.ts';
import { type Outputs, predictedClasses } from './metrics.ts';

/** The network's prediction for each validation example. */
export function predictionsOf(data: Data, outputs: Outputs): Prediction[] {
  return data.classes.length > 0
    ? classPredictions(data, outputs)
    : valuePredictions(data, outputs);
}

/** Writes predictions.jsonl, by which runs are compared example by example. */
export async function writePredictions(
  folder: string,
  predictions: readonly Prediction[],
): Promise<void> {
  await writeFileAtomic(runFile(folder, 'predictions'), predictions.map(jsonLine).join(''));
}

function classPredictions({ validation, classes }: Data, outputs: Outputs): Prediction[] {
  const chosen = predictedClasses(outputs);
  return Array.from(validation.targets, (target, index) => {
    const logits = outputs.values.subarray(index * outputs.width, (index + 1) * outputs.width);
    const probabilities = softmax(logits);
    return {
      index: fileIndexOf(validation, index),
      target: classes[target]!,
      prediction: classes[chosen[index]!] ?? null,
      probabilities: Object.fromEntries(classes.map((name, i) => [name, probabilities[i]!])),
    };
  });
}

function valuePredictions({ validation }: Data, { values }: Outputs): Prediction[] {
  return Array.from(validation.targets, (target, index) => ({
    index: fileIndexOf(validation, index),
    target,
    prediction: values[index]!,
  }));
}

/** An example's index in its file. */
export function fileIndexOf({ indices }: Examples, example: number): number {
  return indices?.[example] ?? example;
}

/** In float64, shifted by the largest logit against overflow. */
function softmax(logits: Float32Array): number[] {
  const largest = Math.max(...logits);
  const exponentials = Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = exponentials.reduce((total, value) => total + value);
  return exponentials.map((value) => value / sum);
}
