/** Averages of the final weights of an experiment's runs, evaluated on the validation set. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { mean, sampleStandardDeviation } from 'simple-statistics';
import type { ParsedConfig } from '../../config/parse.ts';
import { runFile } from '../../runs/grainFolder.ts';
import { byCreation } from '../../runs/order.ts';
import { RunReferenceError } from '../../runs/reference.ts';
import type { RunSummary } from '../../runs/store.ts';
import { findCheckpoints } from '../../training/checkpointIndex.ts';
import { closeSession, openSession } from '../../training/session.ts';
import { aggregationFrom } from '../../training/trainingLoop.ts';
import { RunSessions } from '../runSessions.ts';
import { withOwnOptimizer } from '../sessionTrainer.ts';
import { modelSoup, modelStock } from './average.ts';
import { copyWith, readWeights } from './weights.ts';

/** One model from n runs of a method that began alike: it has no spread. */
export interface Soup {
  readonly method: string;
  /** The seed of the initialization that the runs share. */
  readonly init: number;
  readonly runs: readonly string[];
  readonly metric: string;
  /** Of the runs themselves, at their ends. */
  readonly seeds: { readonly mean: number; readonly std: number; readonly best: number };
  /** The mean of their weights, and Model Stock's average. */
  readonly soup: number;
  readonly stock: number;
}

/**
 * The averages of all runs that finished, method by method and initialization by initialization: weights that began differently, such
 * as those of a new head, have no common meaning.
 *
 * @param runs of one experiment
 * @param parsed its config
 * @throws RunReferenceError if no two runs of a method began alike
 */
export async function soupsOf(runs: readonly RunSummary[], parsed: ParsedConfig): Promise<Soup[]> {
  const finished = runs.filter(({ status }) => status === 'finished').sort(byCreation);
  const alike = Map.groupBy(finished, ({ manifest: { aggregator, seed } }) =>
    JSON.stringify([aggregator, seed.init, seed.split]),
  );
  const several = [...alike.values()].filter((group) => group.length >= 2);
  if (several.length === 0) {
    throw new RunReferenceError(
      'no two finished runs of a method began with the same initialization, without which an average of weights means nothing. Expected runs that differ in the order of their data alone. Train with seeds: { init: 1, order: 5 }',
    );
  }
  const session = await openSession(parsed, () => {});
  try {
    const sessions = new RunSessions(session, parsed);
    const soups: Soup[] = [];
    for (const group of several) soups.push(await soupOf(group, sessions));
    return soups;
  } finally {
    await closeSession(session);
  }
}

async function soupOf(runs: readonly RunSummary[], sessions: RunSessions): Promise<Soup> {
  const { manifest } = runs[0]!;
  const { aggregator, seed, metric } = manifest;
  const aggregation = aggregationFrom(manifest);
  const { task, config, engine } = withOwnOptimizer(await sessions.of(manifest), runs[0]!);
  const scratch = await mkdtemp(path.join(tmpdir(), 'grain-soup-'));
  const learner = await task.learner({ config, engine, aggregation, seed });
  try {
    const folders = await Promise.all(runs.map(lastCheckpoint));
    const models = await Promise.all(folders.map(readWeights));
    const begin = path.join(scratch, 'start');
    await copyWith(folders[0]!, models[0]!, begin);
    await learner.write(begin);
    const start = await readWeights(begin);
    const evaluate = async (name: string, weights: typeof start) => {
      const folder = path.join(scratch, name);
      await copyWith(folders[0]!, weights, folder);
      await learner.read(folder, config.steps);
      const { metrics } = await learner.validate(async () => {});
      return metrics[metric.name] ?? Number.NaN;
    };
    const values = runs.map(({ lastMetric }) => lastMetric?.value ?? Number.NaN);
    return {
      method: aggregator,
      init: seed.init,
      runs: runs.map((run) => run.manifest.id),
      metric: metric.name,
      seeds: {
        mean: mean(values),
        std: sampleStandardDeviation(values),
        best: metric.better === 'higher' ? Math.max(...values) : Math.min(...values),
      },
      soup: await evaluate('soup', modelSoup(models)),
      stock: await evaluate('stock', modelStock(start, models)),
    };
  } finally {
    learner.dispose();
    await rm(scratch, { recursive: true, force: true });
  }
}

/** @throws RunReferenceError if the run has none */
async function lastCheckpoint({ folder, manifest }: RunSummary): Promise<string> {
  const checkpoints = runFile(folder, 'checkpoints');
  const { index } = await findCheckpoints(checkpoints);
  if (index) return path.join(checkpoints, index.last);
  throw new RunReferenceError(`${manifest.id} has no checkpoint. Train it again`);
}
