/** What `grain report` says of an experiment: the findings of every metric, agreement of the seeds, and the expected best of several. */
import { mean, sampleStandardDeviation } from 'simple-statistics';
import { z } from 'zod';
import { byCreation } from '../runs/order.ts';
import { type Prediction, readPredictions } from '../runs/predictions.ts';
import type { RunSummary } from '../runs/store.ts';
import { agreementOf, agreementSchema } from './agreementFindings.ts';
import { ComparisonError, checkComparable } from './comparable.ts';
import { intervalSchema } from './comparison.ts';
import { evidenceOf, figuresOf, validatedRun } from './evidence.ts';
import { type Findings, findingsSchema } from './findings.ts';
import { bootstrapInterval } from './statistics/bootstrap.ts';
import { expectedBest } from './statistics/expectedBest.ts';
import { metricNames } from './validatedRuns.ts';
import { validationError } from './validationError.ts';
import { verdictOf, verdictSchema } from './verdict.ts';

export const fullReportSchema = z.object({
  experiments: z.array(z.object({ id: z.string(), name: z.string() })),
  verdict: verdictSchema,
  /** Of the metric that was asked for. */
  findings: findingsSchema,
  /** Figures of the other metrics, without comparisons: each further test would make all p values larger. */
  otherMetrics: z.array(findingsSchema.pick({ metric: true, better: true, methods: true })),
  /** BCa bootstrap intervals: over few seeds they contain the truth too rarely (docs/statistics.md). */
  bootstrap: z.array(
    z.object({
      method: z.string(),
      mean: intervalSchema.nullable(),
      std: intervalSchema.nullable(),
    }),
  ),
  agreement: z.array(agreementSchema),
  /** By method, the expected best value of 1, 2, … runs. */
  expectedBest: z.array(z.object({ method: z.string(), values: z.array(z.number()) })),
});

export type FullReport = z.infer<typeof fullReportSchema>;

/**
 * @param runs at least one
 * @param wanted a metric of the validations; by default the one that ranks checkpoints
 * @throws ComparisonError if the runs are not of one experiment in all but seeds and methods, or the metric is unknown
 */
export async function fullReportOf(
  runs: readonly RunSummary[],
  wanted?: string,
): Promise<FullReport> {
  checkComparable(runs);
  const validated = await Promise.all([...runs].sort(byCreation).map(validatedRun));
  const metrics = metricNames(validated);
  const metric = checkedMetric(wanted, metrics);
  const predictions = await predictionsOf(runs);
  const any = predictions.values().next().value ?? null;
  const findings = evidenceOf(validated, metric, any, validationError);
  return {
    experiments: [
      ...new Map(runs.map(({ manifest: { experiment } }) => [experiment.id, experiment])).values(),
    ],
    verdict: verdictOf(findings),
    findings,
    otherMetrics: metrics
      .filter((name) => name !== metric)
      .map((name) => figuresOf(validated, name, any)),
    agreement: findings.methods.flatMap(({ method }) => {
      const own = runs.filter(({ manifest }) => manifest.aggregator === method);
      return (
        agreementOf(
          method,
          own.flatMap((run) => (predictions.has(run) ? [predictions.get(run)!] : [])),
        ) ?? []
      );
    }),
    bootstrap: findings.methods.map(({ method }) => ({
      method,
      ...bootstrapOf(valuesOf(method, findings)),
    })),
    expectedBest: expectedBestOf(findings),
  };
}

function checkedMetric(wanted: string | undefined, metrics: readonly string[]): string {
  if (wanted === undefined || metrics.includes(wanted)) return wanted ?? metrics[0]!;
  throw new ComparisonError(
    `these runs have no metric "${wanted}". Expected ${metrics.join(', ')}.`,
  );
}

/** Of the runs that have some, in their order. */
async function predictionsOf(
  runs: readonly RunSummary[],
): Promise<Map<RunSummary, readonly Prediction[]>> {
  const all = new Map<RunSummary, readonly Prediction[]>();
  for (const run of runs) {
    const predictions = run.status === 'finished' ? await readPredictions(run.folder) : null;
    if (predictions) all.set(run, predictions);
  }
  return all;
}

function bootstrapOf(values: readonly number[]) {
  return {
    mean: bootstrapInterval(values, (sample) => mean([...sample])),
    // Half of the samples of two are the same value twice.
    std:
      values.length < 3
        ? null
        : bootstrapInterval(values, (sample) => sampleStandardDeviation([...sample])),
  };
}

function expectedBestOf(findings: Findings): FullReport['expectedBest'] {
  const { better, methods } = findings;
  if (better === null) return [];
  return methods.map(({ method }) => ({
    method,
    values: expectedBest(valuesOf(method, findings), better),
  }));
}

/** Of the runs that count and have one. */
function valuesOf(method: string, { runs }: Findings): number[] {
  return runs.flatMap((run) => (run.method === method && run.value !== null ? [run.value] : []));
}
