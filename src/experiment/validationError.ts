/** A metric of any of the validation examples, from a run's predictions, and its sampling error over them. */
import type { Prediction } from '../runs/predictions.ts';
import { measure } from '../training/objective/metrics.ts';
import { bootstrapError } from './statistics/samplingError.ts';

/** The metric on examples given by their places in the predictions; NaN for examples that have none. */
export type ExampleMetric = (places: ArrayLike<number>) => number;

/** Bootstrap over the examples. @returns `null` where predictions do not determine the metric, as for losses */
export function validationError(metric: string, predictions: readonly Prediction[]): number | null {
  const [first] = predictions;
  if (!first || 'correct' in first) return null;
  const of = exampleMetric(metric, predictions);
  return of && bootstrapError(predictions.length, of);
}

/** @returns `null` where predictions do not determine the metric, as for losses */
export function exampleMetric(
  metric: string,
  predictions: readonly Prediction[],
): ExampleMetric | null {
  const [first] = predictions;
  if (!first || metric === 'loss') return null;
  if ('correct' in first) return metric === 'exactMatch' ? shareOf(predictions, isCorrect) : null;
  if (metric === 'accuracy') return shareOf(predictions, isCorrect);
  return 'probabilities' in first
    ? classMetric(metric, predictions)
    : valueMetric(metric, predictions);
}

function isCorrect(prediction: Prediction): boolean {
  return 'correct' in prediction ? prediction.correct : prediction.prediction === prediction.target;
}

function shareOf(
  predictions: readonly Prediction[],
  holds: (prediction: Prediction) => boolean,
): ExampleMetric {
  const hits = Uint8Array.from(predictions, (prediction) => Number(holds(prediction)));
  return (places) => {
    let count = 0;
    for (let i = 0; i < places.length; i++) count += hits[places[i]!]!;
    return count / places.length;
  };
}

function classMetric(metric: string, predictions: readonly Prediction[]): ExampleMetric | null {
  const [first] = predictions;
  if (!first || !('probabilities' in first)) return null;
  const classes = Object.keys(first.probabilities);
  const targets = predictions.map(({ target }) => classes.indexOf(String(target)));
  const chosen = predictions.map(({ prediction }) => classes.indexOf(String(prediction)));
  if (targets.includes(-1)) return null;
  return (places) => {
    const values = new Float32Array(places.length * classes.length);
    for (let row = 0; row < places.length; row++) {
      const at = chosen[places[row]!]!;
      if (at >= 0) values[row * classes.length + at] = 1;
      else values.fill(Number.NaN, row * classes.length, (row + 1) * classes.length);
    }
    const outputs = { values, width: classes.length };
    return (
      measure(
        'classification',
        outputs,
        Array.from(places, (place) => targets[place]!),
      )[metric] ?? Number.NaN
    );
  };
}

function valueMetric(metric: string, predictions: readonly Prediction[]): ExampleMetric {
  const values = predictions.map(({ prediction }) => Number(prediction ?? Number.NaN));
  const targets = predictions.map(({ target }) => Number(target));
  return (places) => {
    const outputs = { values: Float32Array.from(places, (place) => values[place]!), width: 1 };
    return (
      measure(
        'regression',
        outputs,
        Array.from(places, (place) => targets[place]!),
      )[metric] ?? Number.NaN
    );
  };
}
