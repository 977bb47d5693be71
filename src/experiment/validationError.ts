/** The sampling error of a metric over the validation examples, from a run's predictions. */
import type { Prediction } from '../runs/predictions.ts';
import { measure } from '../training/objective/metrics.ts';
import { bootstrapError } from './statistics/samplingError.ts';

/**
 * Bootstrap over the examples.
 * @returns `null` where predictions do not determine the metric, as for losses
 */
export function validationError(metric: string, predictions: readonly Prediction[]): number | null {
  const [first] = predictions;
  if (!first || metric === 'loss' || 'correct' in first) return null;
  const of =
    'probabilities' in first ? classMetric(metric, predictions) : valueMetric(metric, predictions);
  return of && bootstrapError(predictions.length, of);
}

type Metric = (indices: readonly number[]) => number;

function classMetric(metric: string, predictions: readonly Prediction[]): Metric | null {
  const [first] = predictions;
  if (!first || !('probabilities' in first)) return null;
  const classes = Object.keys(first.probabilities);
  const targets = predictions.map(({ target }) => classes.indexOf(String(target)));
  const chosen = predictions.map(({ prediction }) => classes.indexOf(String(prediction)));
  if (targets.includes(-1)) return null;
  return (indices) => {
    const values = new Float32Array(indices.length * classes.length);
    for (const [row, example] of indices.entries()) {
      const at = chosen[example]!;
      if (at >= 0) values[row * classes.length + at] = 1;
      else values.fill(Number.NaN, row * classes.length, (row + 1) * classes.length);
    }
    const outputs = { values, width: classes.length };
    return (
      measure(
        'classification',
        outputs,
        indices.map((example) => targets[example]!),
      )[metric] ?? Number.NaN
    );
  };
}

function valueMetric(metric: string, predictions: readonly Prediction[]): Metric {
  const values = predictions.map(({ prediction }) => Number(prediction ?? Number.NaN));
  const targets = predictions.map(({ target }) => Number(target));
  return (indices) => {
    const outputs = { values: Float32Array.from(indices, (example) => values[example]!), width: 1 };
    return (
      measure(
        'regression',
        outputs,
        indices.map((example) => targets[example]!),
      )[metric] ?? Number.NaN
    );
  };
}
