/** What `grain report` says of an experiment: the findings of every metric, agreement of the seeds, and the expected best of several. */
import { mean, sampleStandardDeviation } from 'simple-statistics';
import * as z from 'zod';
import { formatSeed } from '../../runs/format.ts';
import { seedSchema } from '../../runs/manifest.ts';
import { byCreation, bySeed } from '../../runs/order.ts';
import { type Prediction, readPredictions } from '../../runs/predictions.ts';
import { onSameExamples } from '../../runs/splits.ts';
import type { RunSummary } from '../../runs/store.ts';
import { agreementOf, agreementSchema } from '../agreementFindings.ts';
import { checkComparable, experimentsOf, metricIn } from '../comparable.ts';
import { intervalSchema } from '../comparison.ts';
import { curveShapeSchema, curveShapesOf } from '../curveShapes.ts';
import { evidenceOf, figuresOf, validatedRun } from '../evidence.ts';
import { overExamplesNotes, overExamplesOf, overExamplesSchema } from '../examplesFindings.ts';
import { type Findings, findingsSchema, valuesOf } from '../findings.ts';
import { furtherTestsOf, furtherTestsSchema } from '../furtherTests.ts';
import { answerMarker } from '../predictions/comparedAnswer.ts';
import { recordedSoups, soupSchema } from '../soups/recordedSoups.ts';
import { bootstrapInterval, percentileInterval } from '../statistics/bootstrap.ts';
import { expectedBest } from '../statistics/expectedBest.ts';
import { performanceProfile } from '../statistics/performanceProfile.ts';
import { stochasticOrder } from '../statistics/stochasticOrder.ts';
import { interquartileMean, interquartileRange } from '../statistics/summary.ts';
import { metricNames, type ValidatedRun } from '../validatedRuns.ts';
import { validationError } from '../validationError.ts';
import { verdictOf, verdictSchema } from '../verdict.ts';
import { settingOf, settingSchema } from './setting.ts';

/** Over fewer values, the bootstrap of an IQR contains the truth too rarely: docs/statistics.md has it measured. */
const LEAST_FOR_IQR = 10;

export const profileSchema = z.object({
  method: z.string(),
  runs: z.number(),
  points: z.array(
    z.object({
      /** `null` is the worst there could be. */
      threshold: z.number().nullable(),
      share: z.number(),
      low: z.number(),
      high: z.number(),
    }),
  ),
});

export const fullReportSchema = z.object({
  experiments: z.array(z.object({ id: z.string(), name: z.string() })),
  verdict: verdictSchema,
  /** Of the metric that was asked for. */
  findings: findingsSchema,
  /** Figures of the other metrics, without comparisons: each further test would make all p values larger. */
  otherMetrics: z.array(findingsSchema.pick({ metric: true, better: true, methods: true })),
  /** Bootstrap intervals, BCa and for the IQR of percentiles: over few seeds they contain the truth too rarely (docs/statistics.md). */
  bootstrap: z.array(
    z.object({
      method: z.string(),
      mean: intervalSchema.nullable(),
      std: intervalSchema.nullable(),
      iqm: intervalSchema.nullable(),
      /** `null` for fewer than ten values. */
      iqr: intervalSchema.nullable(),
    }),
  ),
  /** Differences over seeds and validation examples together. */
  overExamples: z.array(overExamplesSchema),
  /** Almost stochastic order: the bound ε with which `one` is better than `other`, below 0.5 for an order. */
  stochasticOrder: z.array(z.object({ one: z.string(), other: z.string(), epsilon: z.number() })),
  /** Tests that the verdict does not go by. */
  furtherTests: furtherTestsSchema,
  /** The share of a method's runs better than each threshold, where it changes; from the worst threshold to the best. */
  performanceProfiles: z.array(profileSchema),
  agreement: z.array(agreementSchema),
  /** Of which all runs are in the report; `grain soup` makes them. */
  soups: z.array(soupSchema),
  /** By method, the expected best value of 1, 2, … runs. */
  expectedBest: z.array(z.object({ method: z.string(), values: z.array(z.number()) })),
  /** All metrics at each run's last validation; `null` for a value that is not finite. */
  finals: z.array(
    z.object({
      run: z.string(),
      seed: seedSchema,
      metrics: z.record(z.string(), z.number().nullable()),
    }),
  ),
  /** The metric at each validation of each run. */
  curves: z.array(
    z.object({
      run: z.string(),
      method: z.string(),
      points: z.array(z.object({ step: z.number(), value: z.number() })),
    }),
  ),
  /** How the curves of finished runs end. */
  curveShapes: z.array(curveShapeSchema),
  setting: settingSchema,
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
  const metric = metricIn(metrics, wanted);
  const predictions = await predictionsOf(onSameExamples(runs));
  const any = predictions.values().next().value ?? null;
  const findings = evidenceOf(validated, metric, any, validationError);
  const predictionsBySeed = (method: string) => bySeeds(method, runs, predictions);
  const overExamples = findings.comparisons.flatMap(
    (comparison) => overExamplesOf(comparison, metric, predictionsBySeed) ?? [],
  );
  const verdict = verdictOf(findings);
  const methods = findings.methods.map(({ method }) => method);
  const curves = validated.map((of) => curveOf(of, metric));
  return {
    experiments: experimentsOf(runs),
    verdict: {
      ...verdict,
      notes: [...verdict.notes, ...overExamplesNotes(overExamples, findings)],
    },
    findings,
    otherMetrics: metrics
      .filter((name) => name !== metric)
      .map((name) => figuresOf(validated, name, any)),
    bootstrap: methods.map((method) => ({ method, ...bootstrapOf(valuesOf(method, findings)) })),
    overExamples,
    stochasticOrder: stochasticOrdersOf(findings),
    furtherTests: furtherTestsOf(findings),
    performanceProfiles: profilesOf(findings),
    agreement: methods.flatMap(
      (method) =>
        agreementOf(method, predictionsBySeed(method), answerMarker(runs[0]!.manifest)) ?? [],
    ),
    soups: await recordedSoups(runs),
    expectedBest: expectedBestOf(findings),
    finals: validated.map(({ run: { manifest }, validations }) => ({
      run: manifest.id,
      seed: { ...manifest.seed },
      metrics: { ...validations.at(-1)?.metrics },
    })),
    curves,
    curveShapes: curveShapesOf(curves, findings),
    setting: settingOf(runs),
  };
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

function curveOf({ run, validations }: ValidatedRun, metric: string): FullReport['curves'][number] {
  const { id, aggregator } = run.manifest;
  const points = validations.flatMap(({ step, metrics }) => {
    const value = metrics[metric] ?? null;
    return value === null ? [] : [{ step, value }];
  });
  return { run: id, method: aggregator, points };
}

function bySeeds(
  method: string,
  runs: readonly RunSummary[],
  predictions: ReadonlyMap<RunSummary, readonly Prediction[]>,
): Map<string, readonly Prediction[]> {
  const own = runs.filter(({ manifest }) => manifest.aggregator === method).sort(bySeed);
  return new Map(
    own.flatMap((run) => {
      const known = predictions.get(run);
      return known ? [[formatSeed(run.manifest.seed), known]] : [];
    }),
  );
}

/** Both ways round, of every comparison of methods with two values or more. */
function stochasticOrdersOf(findings: Findings): FullReport['stochasticOrder'] {
  if (findings.better === null) return [];
  const sign = findings.better === 'higher' ? 1 : -1;
  const values = (method: string) => valuesOf(method, findings).map((value) => sign * value);
  return findings.comparisons
    .flatMap(({ one, other }) => [
      { one, other },
      { one: other, other: one },
    ])
    .filter(({ one, other }) => Math.min(values(one).length, values(other).length) >= 2)
    .map(({ one, other }) => ({
      one,
      other,
      epsilon: stochasticOrder(values(one), values(other)),
    }));
}

function bootstrapOf(values: readonly number[]) {
  return {
    mean: bootstrapInterval(values, (sample) => mean([...sample])),
    // Half of the samples of two are the same value twice.
    std:
      values.length < 3
        ? null
        : bootstrapInterval(values, (sample) => sampleStandardDeviation([...sample])),
    iqm: bootstrapInterval(values, interquartileMean),
    iqr: values.length < LEAST_FOR_IQR ? null : percentileInterval(values, interquartileRange),
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

/** A run that failed without a value is worse than any threshold. */
function profilesOf({ better, methods, runs }: Findings): FullReport['performanceProfiles'] {
  if (better === null) return [];
  return methods
    .map(({ method }) => ({ method, own: runs.filter((it) => it.method === method && it.counts) }))
    .filter(({ own }) => own.length > 0)
    .map(({ method, own }) => ({
      method,
      runs: own.length,
      points: performanceProfile([own.map(({ value }) => value)], better),
    }));
}
