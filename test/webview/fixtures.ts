/** Messages as the extension sends them, made from real descents. */
import { mean, sampleStandardDeviation } from 'simple-statistics';
import { aggregatorNamed } from '../../src/engine/aggregators/registry.ts';
import { diagnoseStep } from '../../src/engine/diagnoseStep.ts';
import type { AggregatorName } from '../../src/engine/types.ts';
import type { RunHeader } from '../../src/extension/messages/common.ts';
import type { CosineMatrix } from '../../src/extension/messages/conflict.ts';
import type { MetricsPoint } from '../../src/extension/messages/metrics.ts';
import type {
  AggregatorSeries,
  MetricPoint,
  SeedVarianceShow,
} from '../../src/extension/messages/seedVariance.ts';
import { matrixOf, pointOf } from '../../src/extension/panels/points.ts';
import { factsOf } from '../../src/runs/facts.ts';
import { type DescentOptions, descend } from './descent.ts';

export interface RunFixture {
  readonly run: RunHeader;
  readonly choices: readonly { readonly id: string; readonly label: string }[];
  readonly groupNames: readonly string[];
  readonly points: readonly MetricsPoint[];
  /** Cosines at the step with the given index. */
  matrixAt(index: number): CosineMatrix;
  readonly validation: readonly MetricPoint[];
}

const PLAIN = {
  parameters: {},
  metric: 'euclidean',
  smoothing: 0,
  zeroGroups: 'drop',
} as const;

export function runFixture(options: DescentOptions): RunFixture {
  const { aggregator, seed, groups, steps } = options;
  const { steps: log, validations } = descend(options);
  const groupNames = Array.from({ length: groups }, (_, i) => `micro-batch ${i + 1}`);
  const derived = log.map((event) => diagnoseStep(factsOf(event)));
  const aggregation = { ...PLAIN, name: aggregator };
  const { title, guarantee, reference, properties } = aggregatorNamed(aggregator);
  const id = `digits-${aggregator}-seed${seed}`;
  return {
    run: {
      id,
      experiment: 'digits',
      aggregator,
      method: {
        name: aggregator,
        title,
        guarantee,
        promises: properties.nonConflicting,
        reference,
      },
      metric: 'euclidean',
      seed: String(seed),
      status: 'running',
      step: steps,
      steps: 2 * steps,
    },
    choices: [
      { id, label: `digits · ${aggregator} · seed ${seed}` },
      { id: 'digits-mean-seed4', label: 'digits · mean · seed 4' },
    ],
    groupNames,
    points: log.map((event, i) => pointOf(event, derived[i]!, aggregation, groups)),
    matrixAt: (index) => matrixOf(log[index]!, derived[index]!, groupNames)!,
    validation: validations.map(({ step, loss }) => ({ step, value: loss })),
  };
}

/** Runs of two aggregators over the seeds; those of `running` have not got to the end. */
export function seedFixture(
  metric: 'loss' | 'worst group loss',
  seeds: readonly number[],
  running: readonly number[] = [],
): SeedVarianceShow {
  return {
    type: 'show',
    experiment: { id: 'digits-1', label: 'digits' },
    choices: [
      { id: 'digits-1', label: 'digits · today 14:02' },
      { id: 'digits-0', label: 'digits · yesterday 09:30' },
    ],
    metric,
    metrics: ['loss', 'worst group loss'],
    series: (['grain', 'mean'] as const).map((aggregator) =>
      seriesOf(aggregator, metric, seeds, running),
    ),
  };
}

function seriesOf(
  aggregator: AggregatorName,
  metric: string,
  seeds: readonly number[],
  running: readonly number[],
): AggregatorSeries {
  const curves = seeds.map((seed) => {
    const { validations } = descend({ aggregator, seed, groups: 8, steps: 200 });
    const points = validations.map(({ step, loss, worst }) => ({
      step,
      value: metric === 'loss' ? loss : worst,
    }));
    const isRunning = running.includes(seed);
    return {
      runId: `digits-${aggregator}-seed${seed}`,
      seed: String(seed),
      status: isRunning ? ('running' as const) : ('finished' as const),
      points: isRunning ? points.slice(0, 4) : points,
    };
  });
  const steps = [...new Set(curves.flatMap(({ points }) => points.map(({ step }) => step)))].sort(
    (a, b) => a - b,
  );
  const finals = curves
    .filter(({ status }) => status === 'finished')
    .map(({ points }) => points.at(-1)!.value);
  return {
    aggregator,
    seeds: curves,
    band: steps.map((step) => {
      const values = curves.flatMap(({ points }) =>
        points.filter((p) => p.step === step).map((p) => p.value),
      );
      return { step, mean: mean(values), std: spread(values), n: values.length };
    }),
    final:
      finals.length === 0
        ? null
        : {
            mean: mean(finals),
            std: spread(finals),
            min: Math.min(...finals),
            max: Math.max(...finals),
            n: finals.length,
          },
  };
}

function spread(values: number[]): number | null {
  return values.length < 2 ? null : sampleStandardDeviation(values);
}
