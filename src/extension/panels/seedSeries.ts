/** Validations of the runs of one experiment as curves per aggregator and seed, with their mean and spread. */
import { bandOf } from '../../experiment/statistics/bands.ts';
import { summarise } from '../../experiment/statistics/summary.ts';
import type { ValidatedRun } from '../../experiment/validatedRuns.ts';
import { formatSeed } from '../../runs/format.ts';
import { byCreation, bySeed } from '../../runs/order.ts';
import type { MetricPoint } from '../messages/points.ts';
import type { AggregatorSeries, SeedCurve } from '../messages/seedVariance.ts';

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
    runId: run.folder,
    seed: formatSeed(run.manifest.seed),
    status: run.status,
    points,
  };
}
