/** What a model reaches that predicts the same for every example: a run that does no better has learned nothing. */
import { mean, median, standardDeviation } from 'simple-statistics';
import type { Prediction } from '../runs/predictions.ts';

/**
 * The value of a metric for the best constant prediction: the majority class, or the mean (for `mae` the median) of the targets.
 * @param predictions of any run, for their targets; `null` if there are none
 * @returns `null` where that is unknown, as for losses and perplexity
 */
export function constantPredictor(
  metric: string,
  predictions: readonly Prediction[] | null,
): number | null {
  switch (metric) {
    case 'mcc':
    case 'pearson':
    case 'spearman':
    case 'exactMatch':
      return 0;
    case 'accuracy':
    case 'macroF1':
    case 'f1':
      return predictions && ofMajority(metric, predictions);
    case 'rmse':
    case 'mae':
      return predictions && ofCenter(metric, predictions);
    default:
      return null;
  }
}

function ofMajority(
  metric: 'accuracy' | 'macroF1' | 'f1',
  predictions: readonly Prediction[],
): number | null {
  const [first] = predictions;
  if (!first || !('probabilities' in first)) return null;
  const counts = new Map<string | number, number>();
  for (const { target } of predictions) counts.set(target, (counts.get(target) ?? 0) + 1);
  const [majority, count] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
  const share = count / predictions.length;
  // Its precision is its share, its recall 1; of all other classes F1 is 0.
  const f1 = (2 * share) / (1 + share);
  if (metric === 'accuracy') return share;
  if (metric === 'macroF1') return f1 / counts.size;
  return majority === Object.keys(first.probabilities)[1] ? f1 : 0;
}

function ofCenter(metric: 'rmse' | 'mae', predictions: readonly Prediction[]): number | null {
  const targets = predictions.map(({ target }) => target).filter((it) => typeof it === 'number');
  if (targets.length < predictions.length) return null;
  if (metric === 'rmse') return standardDeviation(targets);
  const center = median(targets);
  return mean(targets.map((target) => Math.abs(target - center)));
}
