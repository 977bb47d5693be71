/** What a launch of a config would train. */
import { tuningRuns } from '../../config/methods.ts';
import { countPoints, pointsOf } from '../../config/points.ts';
import type { Config } from '../../config/schema.ts';
import { seedPairs, settlingOf } from '../../config/seeds.ts';
import { formatCount, formatDuration } from '../../runs/format.ts';
import type { RunSummary } from '../../runs/store.ts';

type Sized = Pick<Config, 'aggregate' | 'seeds'> & Partial<Pick<Config, 'tune' | 'grid'>>;

/** At each point of the grid; at least: how many `seeds: auto` will take is not known before. */
function countRuns({ aggregate, seeds, tune }: Sized): number {
  return aggregate.length * (seedPairs(seeds).length + tuningRuns(tune));
}

/** "2 methods × 5 seeds", "2 methods × 4 points × 5 seeds", "2 methods × 8 seeds or more, after 12 runs to tune". */
export function formatPlan({ aggregate, seeds, tune, grid }: Sized): string {
  const points = grid ? ` × ${formatCount(countPoints({ grid }), 'point')}` : '';
  const methods = `${formatCount(aggregate.length, 'method')}${points}`;
  const more = settlingOf(seeds) ? ' or more' : '';
  const tuning = aggregate.length * tuningRuns(tune);
  const first = tuning > 0 ? `, after ${formatCount(tuning, 'run')} to tune` : '';
  return `${methods} × ${formatCount(seedPairs(seeds).length, 'seed')}${more}${first}`;
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
  let [time, steps] = [0, 0];
  for (const { status, startedAt, endedAt, step } of last) {
    if (status !== 'finished' || startedAt === null || endedAt === null) continue;
    time += endedAt - startedAt;
    steps += step;
  }
  if (steps === 0) return null;
  const all = pointsOf(config).map((point) => {
    const { epochs = config.epochs, steps = config.steps } = point as Partial<
      Record<string, number>
    >;
    // The steps of epochs follow from the data, which is not read here.
    return epochs === undefined ? steps : last[0]!.manifest.steps;
  });
  return (time / steps) * all.reduce((sum, each) => sum + each) * countRuns(config);
}
