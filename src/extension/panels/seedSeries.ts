/** Validations of the runs of one experiment as curves per aggregator and seed, with their mean and spread. */
import { bandOf } from '../../experiment/statistics/bands.ts';
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
    return { aggregator, seeds, band: bandOf(seeds.map(({ points }) => finite(points))) };
  });
}

/** A seed that diverged has no place in a mean; the page marks and counts it. */
function finite(points: readonly MetricPoint[]): { step: number; value: number }[] {
  return points.flatMap(({ step, value }) => (value === null ? [] : [{ step, value }]));
}

function curveOf({ run, validations }: ValidatedRun, metric: string): SeedCurve {
  const points = validations.flatMap(({ step, metrics }): MetricPoint[] => {
    const value = metrics[metric];
    return value === undefined ? [] : [{ step, value }];
  });
  return {
    runId: run.folder,
    seed: formatSeed(run.manifest.seed),
    status: run.status,
    points,
  };
}
