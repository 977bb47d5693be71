/** An ensemble of the runs of a method: what they predict together. */
import type { Prediction } from '../../runs/predictions.ts';
import { measure } from '../../training/objective/metrics.ts';

/**
 * Metrics of an ensemble (Lakshminarayanan et al. 2017, arXiv:1612.01474): for each example the mean of the runs' probabilities, or
 * of their values.
 *
 * @param runs each run's predictions, at least one run
 * @param classes in the order of the metrics; none for regression
 * @returns null if the runs wrote texts, or predict other examples than each other
 */
export function measureEnsemble(
  runs: readonly (readonly Prediction[])[],
  classes: readonly string[],
): Record<string, number> | null {
  const [first] = runs;
  const isSame = (of: readonly Prediction[]) =>
    of.length === first!.length && of.every(({ index }, i) => index === first![i]!.index);
  if (!runs.every(isSame)) return null;
  const rows: number[][] = [];
  const targets: number[] = [];
  for (const [i, { target }] of first!.entries()) {
    const outputs = runs.map((predictions) => outputsOf(predictions[i]!, classes));
    if (outputs.some((own) => own === null)) return null;
    rows.push(meanOf(outputs as number[][]));
    targets.push(typeof target === 'number' ? target : classes.indexOf(target));
  }
  const width = Math.max(1, classes.length);
  // The softmax of the logarithms of probabilities are the probabilities.
  const values = Float32Array.from(rows.flat(), (it) => (classes.length > 0 ? Math.log(it) : it));
  return measure(classes.length > 0 ? 'classification' : 'regression', { values, width }, targets);
}

/** Probabilities of the classes, or the value; null for a text. */
function outputsOf(prediction: Prediction, classes: readonly string[]): number[] | null {
  if ('probabilities' in prediction) {
    return classes.map((name) => prediction.probabilities[name] ?? Number.NaN);
  }
  if ('correct' in prediction) return null;
  return [prediction.prediction ?? Number.NaN];
}

function meanOf(rows: readonly (readonly number[])[]): number[] {
  return rows[0]!.map((_, i) => rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length);
}
