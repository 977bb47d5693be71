/** What a launch of a config would train. */
import { tuningRuns } from '../../config/methods.ts';
import { countPoints, pointsOf } from '../../config/points.ts';
import type { Config } from '../../config/schema.ts';
import { seedPairs, settlingOf } from '../../config/seeds.ts';
import { formatCount, formatDuration } from '../../runs/format.ts';
import type { RunSummary } from '../../runs/store.ts';

type Sized = Pick<Config, 'aggregate' | 'seeds'> & Partial<Pick<Config, 'tune' | 'grid' | 'ray'>>;

/** At each point of the grid; at least: how many `seeds: auto` will take is not known before. */
function countRuns({ aggregate, seeds, tune }: Sized): number {
  return aggregate.length * (seedPairs(seeds).length + tuningRuns(tune));
}

/** "2 methods × 5 seeds on Ray", "2 methods × 4 points × 5 seeds", "2 methods × 8 seeds or more, after 12 runs to tune". */
export function formatPlan({ aggregate, seeds, tune, grid, ray }: Sized): string {
  const points = grid ? ` × ${formatCount(countPoints({ grid }), 'point')}` : '';
  const methods = `${formatCount(aggregate.length, 'method')}${points}`;
  const more = settlingOf(seeds) ? ' or more' : '';
  const tuning = aggregate.length * tuningRuns(tune);
  const first = tuning > 0 ? `, after ${formatCount(tuning, 'run')} to tune` : '';
  return `${methods} × ${formatCount(seedPairs(seeds).length, 'seed')}${more}${first}${ray ? ' on Ray' : ''}`;
}

/** "about 2 min": how long a duration will be, when only its size is known. */
export function formatRoughly(milliseconds: number): string {
  const minutes = milliseconds / 60_000;
  if (minutes < 1) return 'under a minute';
  if (minutes < 10) return `about ${Math.round(minutes)} min`;
  if (minutes < 60) return `about ${5 * Math.round(minutes / 5)} min`;
  return `about ${formatDuration(milliseconds)}`;
}

/**
 * How long the runs of a config will take at least, by what a step took in the runs of its last launch; null without one that finished.
 *
 * @param last runs of that launch
 */
export function expectedTime(
  config: Sized & Pick<Config, 'steps' | 'epochs'>,
  last: readonly Pick<RunSummary, 'status' | 'startedAt' | 'endedAt' | 'step' | 'manifest'>[],
): number | null {
  const finished = last.flatMap(({ status, startedAt, endedAt, step }) =>
    status === 'finished' && startedAt !== null && endedAt !== null
      ? [{ startedAt, endedAt, step }]
      : [],
  );
  const steps = finished.reduce((sum, { step }) => sum + step, 0);
  if (steps === 0) return null;
  const all = pointsOf(config).map((point) => {
    const { epochs = config.epochs, steps = config.steps } = point as Partial<
      Record<string, number>
    >;
    // The steps of epochs follow from the data, which is not read here.
    return epochs === undefined ? steps : last[0]!.manifest.steps;
  });
  const each = timeOf(finished) / steps;
  return each * all.reduce((sum, one) => sum + one) * countRuns(config);
}

/** Milliseconds in which at least one was trained: several may have been at the same time. */
function timeOf(runs: readonly { readonly startedAt: number; readonly endedAt: number }[]): number {
  let [time, until] = [0, Number.NEGATIVE_INFINITY];
  for (const { startedAt, endedAt } of [...runs].sort((a, b) => a.startedAt - b.startedAt)) {
    time += Math.max(0, endedAt - Math.max(startedAt, until));
    until = Math.max(until, endedAt);
  }
  return time;
}
