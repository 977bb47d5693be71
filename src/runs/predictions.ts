/** `predictions.jsonl`: what the final model of a run predicts for each validation example. */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { hasCode } from '../config/errors.ts';
import type { DeepReadonly } from './deepReadonly.ts';
import { runFile } from './grainFolder.ts';

const common = {
  /** The example's place in its file, from 0. */
  index: z.number(),
};

const classPrediction = z.object({
  ...common,
  target: z.string(),
  /** `null` if every output is NaN. */
  prediction: z.string().nullable(),
  /** By class, in the order of the classes; they sum to 1. `null` for NaN. */
  probabilities: z.record(z.string(), z.number().nullable()),
});

const answer = z.object({
  ...common,
  target: z.string(),
  prediction: z.string(),
  /** Whether the final answers are equal. */
  correct: z.boolean(),
});

const valuePrediction = z.object({
  ...common,
  target: z.number(),
  /** `null` for NaN. */
  prediction: z.number().nullable(),
});

/** A line, in the order of the validation file. */
const predictionSchema = z.union([classPrediction, answer, valuePrediction]);

export type Prediction = DeepReadonly<z.infer<typeof predictionSchema>>;

/** @returns null if the line is not a prediction; any trainer may write one */
export function parsePrediction(line: string): Prediction | null {
  try {
    return predictionSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

/** The predictions of a run; `null` if it has none, or another trainer wrote something else. @param folder of the run */
export async function readPredictions(folder: string): Promise<readonly Prediction[] | null> {
  let text: string;
  try {
    text = await readFile(runFile(folder, 'predictions'), 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
  const predictions: Prediction[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const prediction = parsePrediction(line);
    if (!prediction) return null;
    predictions.push(prediction);
  }
  return predictions.length > 0 ? predictions : null;
}
