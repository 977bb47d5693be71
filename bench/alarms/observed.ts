/** The alarms of logged runs: each run's own, and those beside other seeds. */
import path from 'node:path';
import { AlarmWatch } from '../../src/experiment/alarms/alarmWatch.ts';
import { judgeSeeds, type SeedResult } from '../../src/experiment/alarms/seedApart.ts';
import type { RunSummary } from '../../src/runs/store.ts';
import { eventsOf, hasFailed } from './loggedRuns.ts';

/** Seeds of a usual experiment, which are compared with each other. */
const SEEDS = 5;
/** So many of them may have failed for each to be alone with it: three of its four siblings did not. */
const MOST_ALONE = 2;

export interface Observed {
  readonly run: RunSummary;
  /** The step at which each rule first raised its alarm. */
  readonly raised: Map<string, number>;
  readonly result: SeedResult;
  /** Whether the run failed, and most of the others of its set did not. */
  isAlone: boolean;
}

/** Each run, and beside the others of its method in sets of five seeds. */
export async function observe(runs: readonly RunSummary[]): Promise<Observed[]> {
  const observed: Observed[] = [];
  for (const run of runs) observed.push(await observeOne(run));
  for (const seeds of setsOf(observed)) {
    const results = seeds.map(({ result }) => result);
    const found = judgeSeeds(seeds[0]!.run.manifest.metric, results);
    const failed = seeds.filter(({ run }) => hasFailed(run));
    for (const [i, seed] of seeds.entries()) {
      if (found[i]) seed.raised.set('seed-apart', seed.run.step);
      seed.isAlone = failed.length <= MOST_ALONE && failed.includes(seed);
    }
  }
  return observed;
}

async function observeOne(run: RunSummary): Promise<Observed> {
  const watch = new AlarmWatch(run.manifest);
  const raised = new Map<string, number>();
  const values: (number | null)[] = [];
  for (const event of await eventsOf(run)) {
    if (event.kind === 'validation') values.push(event.metrics[run.manifest.metric.name] ?? null);
    for (const { rule, state, step } of watch.observe(event)) {
      if (state === 'raised' && !raised.has(rule)) raised.set(rule, step);
    }
  }
  const result = { first: values.at(0) ?? Number.NaN, last: values.at(-1) ?? Number.NaN };
  return { run, raised, result, isAlone: false };
}

/** Runs of one method, seed by seed, in whole sets. */
function setsOf(observed: readonly Observed[]): Observed[][] {
  const seedOf = ({ run }: Observed) => run.manifest.seed.init;
  const folders = new Set(observed.map(({ run }) => path.dirname(run.folder)));
  return [...folders].flatMap((folder) => {
    const seeds = observed
      .filter(({ run }) => path.dirname(run.folder) === folder)
      .sort((one, other) => seedOf(one) - seedOf(other));
    const sets = Math.floor(seeds.length / SEEDS);
    return Array.from({ length: sets }, (_, i) => seeds.slice(i * SEEDS, (i + 1) * SEEDS));
  });
}
