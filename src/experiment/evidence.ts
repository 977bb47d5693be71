/** The findings of runs on disk, from their logs and predictions. */
import { mean } from 'simple-statistics';
import { formatSeed } from '../runs/format.ts';
import { RunIndex } from '../runs/index/runIndex.ts';
import { type Prediction, readPredictions } from '../runs/predictions.ts';
import type { RunSummary } from '../runs/store.ts';
import { constantPredictor } from './constantPredictor.ts';
import { type Crossed, crossedOf } from './crossedFindings.ts';
import { type Findings, findingsOf, methodFigures } from './findings.ts';
import { type SeedResult, seedResults } from './seedResults.ts';
import { planOf } from './settling.ts';
import { binomialError } from './statistics/samplingError.ts';
import { betterOf, type ValidatedRun } from './validatedRuns.ts';

/** @param validationError of a metric that is not a share, from a run's predictions */
export type ValidationError = (metric: string, predictions: readonly Prediction[]) => number | null;

/** A run with its validations. */
export function validatedRun(run: RunSummary): Promise<ValidatedRun> {
  return RunIndex.use(run, async (index) => {
    const events = await index.rare();
    return { run, validations: events.filter((event) => event.kind === 'validation') };
  });
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
  const results = resultsOf(runs, metric, predictions);
  return findingsOf({
    metric,
    better: betterIn(runs, metric),
    constantPredictor: constantPredictor(metric, predictions),
    isCrossed: areCrossed(runs),
    crossed: crossedIn(runs, results),
    looks: looksOf(runs),
    results,
    validation: validationOf(metric, results, predictions, errorOf),
  });
}

/** The variance of each method over crossed seeds. */
function crossedIn(runs: readonly ValidatedRun[], results: readonly SeedResult[]): Crossed[] {
  const seeds = new Map(runs.map(({ run: { manifest } }) => [manifest.id, manifest.seed]));
  const methods = [...new Set(results.map(({ method }) => method))];
  return methods.flatMap((method) => {
    const values = results.flatMap((result) =>
      result.method === method && result.value !== null
        ? [{ seed: seeds.get(result.run)!, value: result.value }]
        : [],
    );
    return crossedOf(method, values) ?? [];
  });
}

/** Whether some runs of a method share one of their seeds and not all. */
function areCrossed(runs: readonly ValidatedRun[]): boolean {
  const seeds = new Map(
    runs.map(({ run: { manifest } }) => [formatSeed(manifest.seed), manifest.seed]),
  );
  const all = [...seeds.values()];
  return (['init', 'order', 'split'] as const).some((part) => {
    const known = all.flatMap((seed) => seed[part] ?? []);
    return new Set(known).size < known.length;
  });
}

function looksOf(runs: readonly ValidatedRun[]): readonly number[] | null {
  const plans = runs.flatMap(({ run: { manifest } }) => planOf(manifest) ?? []);
  return plans[0]?.looks ?? null;
}

/** As {@link evidenceOf}, of each method alone: without comparisons. */
export function figuresOf(
  runs: readonly ValidatedRun[],
  metric: string,
  predictions: readonly Prediction[] | null,
): Pick<Findings, 'metric' | 'better' | 'methods'> {
  return {
    metric,
    better: betterIn(runs, metric),
    methods: methodFigures(resultsOf(runs, metric, predictions)),
  };
}

function resultsOf(
  runs: readonly ValidatedRun[],
  metric: string,
  predictions: readonly Prediction[] | null,
): SeedResult[] {
  const baselines = new Map<string, number | null>();
  return seedResults(runs, metric, (name) => {
    const known = baselines.get(name);
    if (known !== undefined) return known;
    const baseline = constantPredictor(name, predictions);
    baselines.set(name, baseline);
    return baseline;
  });
}

function betterIn(runs: readonly ValidatedRun[], metric: string) {
  const all = runs.map(({ run }) => run);
  return betterOf(all, metric);
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
