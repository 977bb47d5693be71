/** Validations of the runs of one experiment as curves per aggregator and seed, with their mean and spread. */
import { betterOf as betterByName } from '../../config/ranking.ts';
import { bandOf, summarise } from '../../experiment/statistics.ts';
import type { ValidationEvent } from '../../runs/events.ts';
import { formatSeed } from '../../runs/format.ts';
import { byCreation, bySeed } from '../../runs/order.ts';
import type { RunSummary } from '../../runs/store.ts';
import type { MetricPoint } from '../messages/points.ts';
import type { AggregatorSeries, SeedCurve } from '../messages/seedVariance.ts';

export type Validation = Pick<ValidationEvent, 'step' | 'metrics'>;

export interface ValidatedRun {
  readonly run: RunSummary;
  readonly validations: readonly Validation[];
}

/** Names of the metrics in the validations; the one that ranks checkpoints first. */
export function metricNames(runs: readonly ValidatedRun[]): string[] {
  const ranking = runs.map(({ run }) => run.manifest.metric.name);
  const logged = runs.flatMap(({ validations }) =>
    validations.flatMap((it) => Object.keys(it.metrics)),
  );
  return [...new Set([...ranking, ...logged])];
}

/** As the manifests say for the metric that ranks checkpoints; for others by name; `null` if unknown. */
export function betterOf(
  runs: readonly Pick<RunSummary, 'manifest'>[],
  metric: string,
): 'higher' | 'lower' | null {
  const ranking = runs.map(({ manifest }) => manifest.metric).find(({ name }) => name === metric);
  const known: Readonly<Record<string, 'higher' | 'lower'>> = betterByName;
  return ranking?.better ?? (Object.hasOwn(known, metric) ? known[metric]! : null);
}

/** Aggregators as first launched, seeds ascending. */
export function seriesOf(runs: readonly ValidatedRun[], metric: string): AggregatorSeries[] {
  const launched = [...runs].sort((a, b) => byCreation(a.run, b.run));
  const aggregators = [...new Set(launched.map(({ run }) => run.manifest.aggregator))];
  return aggregators.map((aggregator) => {
    const seeds = runs
      .filter(({ run }) => run.manifest.aggregator === aggregator)
      .sort((a, b) => bySeed(a.run, b.run))
      .map((validated) => curveOf(validated, metric));
    const finals = seeds
      .filter(({ status, points }) => status === 'finished' && points.length > 0)
      .map(({ points }) => points.at(-1)!.value);
    return {
      aggregator,
      seeds,
      band: bandOf(seeds.map(({ points }) => points)),
      final: finals.length === 0 ? null : summarise(finals),
    };
  });
}

function curveOf({ run, validations }: ValidatedRun, metric: string): SeedCurve {
  const points = validations.flatMap(({ step, metrics }): MetricPoint[] => {
    const value = metrics[metric];
    return typeof value === 'number' ? [{ step, value }] : [];
  });
  return {
    runId: run.manifest.id,
    seed: formatSeed(run.manifest.seed),
    status: run.status,
    points,
  };
}
