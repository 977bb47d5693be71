/** Runs of one method on one setting, in .cache/guarantee: a bench that was stopped continues where it was. */
import path from 'node:path';
import type { ClaimConfig } from '../../src/experiment/claims/trainings.ts';
import { RunStore, type RunSummary } from '../../src/runs/store.ts';
import { cache } from '../peers/venv.ts';
import { trainSeeds } from '../trainSeeds.ts';
import type { Method } from './methods.ts';
import type { Setting } from './settings.ts';

/** What is trained, and the folder's names. */
export interface Training {
  readonly setting: Pick<Setting, 'name'>;
  readonly config: ClaimConfig;
  readonly method: Method;
}

/** A row of a table. */
export interface Job extends Training {
  readonly setting: Setting;
}

/** Whether the setting compares the method, and its groups let it be run. */
export function isPossible({ setting, config, method }: Job): boolean {
  if (!setting.methods.includes(method.name)) return false;
  return method.microbatches === undefined || config.groups.by === 'microbatch';
}

/** The runs of these seeds that ended, seed by seed; those that are not there yet are trained first, on one core. */
export async function train(
  job: Training,
  rate: number,
  seeds: readonly number[],
  core: number,
): Promise<RunSummary[]> {
  const folder = folderOf(job, rate);
  await trainSeeds(folder, configOf(job, rate), seeds, core);
  return endedRuns(folder, seeds);
}

export function seedOf({ manifest }: RunSummary): number {
  return manifest.seed.init;
}

async function endedRuns(folder: string, seeds: readonly number[]): Promise<RunSummary[]> {
  const runs = await new RunStore(folder).list();
  return runs
    .filter((run) => run.status === 'finished' || run.status === 'failed')
    .filter((run) => seeds.includes(seedOf(run)))
    .sort((one, other) => seedOf(one) - seedOf(other));
}

/** Runs at the setting's own learning rate lie in a folder that is named after the method alone. */
function folderOf({ setting, config, method }: Training, rate: number): string {
  const name = method.name.replaceAll(/\W+/g, '-');
  const ofRate = rate === config.optimizer.learningRate ? '' : `@${rate.toPrecision(2)}`;
  return path.join(cache, 'guarantee', setting.name, `${name}${ofRate}`);
}

function configOf({ setting, config, method }: Training, learningRate: number) {
  const { microbatches } = method;
  return {
    ...config,
    ...(microbatches !== undefined && { groups: { by: 'microbatch', count: microbatches } }),
    name: setting.name,
    optimizer: { ...config.optimizer, learningRate },
    aggregate: [method.entry],
  };
}
