/** What a launch of a config would train. */
import type { Config } from '../../config/schema.ts';
import { seedPairs } from '../../config/seeds.ts';
import { formatCount, formatDuration } from '../../runs/format.ts';
import type { RunSummary } from '../../runs/store.ts';

type Sized = Pick<Config, 'aggregate' | 'seeds'>;

export function countRuns({ aggregate, seeds }: Sized): number {
  return aggregate.length * seedPairs(seeds).length;
}

/** "2 methods × 5 seeds". */
export function formatPlan({ aggregate, seeds }: Sized): string {
  return `${formatCount(aggregate.length, 'method')} × ${formatCount(seedPairs(seeds).length, 'seed')}`;
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
 * How long the runs of a config will take, by what a step took in the runs of its last launch; null without one that finished.
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
  // The steps of epochs follow from the data, which is not read here.
  const each = config.epochs === undefined ? config.steps : last[0]!.manifest.steps;
  return (time / steps) * each * countRuns(config);
}
