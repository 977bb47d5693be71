/** The findings of runs on disk, from their logs and predictions. */
import { mean } from 'simple-statistics';
import { type Prediction, readPredictions } from '../runs/predictions.ts';
import type { RunSummary } from '../runs/store.ts';
import { readEvents } from '../runs/tail.ts';
import { constantPredictor } from './constantPredictor.ts';
import { type Findings, findingsOf } from './findings.ts';
import { type SeedResult, seedResults } from './seedResults.ts';
import { binomialError } from './statistics/samplingError.ts';
import { betterOf, type ValidatedRun } from './validatedRuns.ts';

/** @param validationError of a metric that is not a share, from a run's predictions */
export type ValidationError = (metric: string, predictions: readonly Prediction[]) => number | null;

/** A run with its validations, read from its log. */
export async function validatedRun(run: RunSummary): Promise<ValidatedRun> {
  const events = await readEvents(run.folder);
  return { run, validations: events.filter((event) => event.kind === 'validation') };
}

/**
 * @param runs of one experiment, or of several on the same validation examples
 * @param predictions of any of them, for their targets; `null` if there are none
 * @param errorOf the sampling error of metrics that are not shares; without it, theirs is not given
 */
export function evidenceOf(
  runs: readonly ValidatedRun[],
  metric: string,
  predictions: readonly Prediction[] | null,
  errorOf: ValidationError = () => null,
): Findings {
  const results = seedResults(runs, metric, (name) => constantPredictor(name, predictions));
  return findingsOf({
    metric,
    better: betterOf(
      runs.map(({ run }) => run),
      metric,
    ),
    constantPredictor: constantPredictor(metric, predictions),
    results,
    validation: validationOf(metric, results, predictions, errorOf),
  });
}

/** The predictions of the first run that has some. */
export async function firstPredictions(
  runs: readonly RunSummary[],
): Promise<readonly Prediction[] | null> {
  for (const { status, folder } of runs) {
    const predictions = status === 'finished' ? await readPredictions(folder) : null;
    if (predictions) return predictions;
  }
  return null;
}

function validationOf(
  metric: string,
  results: readonly SeedResult[],
  predictions: readonly Prediction[] | null,
  errorOf: ValidationError,
): Findings['validation'] {
  const values = results.flatMap(({ failed, value }) => (failed || value === null ? [] : [value]));
  if (predictions === null || values.length === 0) return null;
  const value = mean(values);
  const isShare = metric === 'accuracy' || metric === 'exactMatch';
  const examples = predictions.length;
  const standardError = isShare ? binomialError(value, examples) : errorOf(metric, predictions);
  return standardError === null ? null : { examples, value, standardError };
}
