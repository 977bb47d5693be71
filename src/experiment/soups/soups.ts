/** One model from several runs: averages of their final weights, and of their predictions, evaluated on the validation set. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { mean, sampleStandardDeviation } from 'simple-statistics';
import type { ParsedConfig } from '../../config/parse.ts';
import { runFile } from '../../runs/grainFolder.ts';
import { byCreation } from '../../runs/order.ts';
import { readPredictions } from '../../runs/predictions.ts';
import { RunReferenceError } from '../../runs/reference.ts';
import type { RunSummary } from '../../runs/store.ts';
import { findCheckpoints } from '../../training/checkpointIndex.ts';
import { closeSession, openSession, type Session } from '../../training/session.ts';
import { aggregationFrom } from '../../training/trainingLoop.ts';
import { RunSessions } from '../runSessions.ts';
import { withOwnOptimizer } from '../sessionTrainer.ts';
import { modelSoup, modelStock } from './average.ts';
import { measureEnsemble } from './ensemble.ts';
import type { Soup } from './recordedSoups.ts';
import { copyWith, readWeights } from './weights.ts';

/**
 * The averages of all runs that finished, method by method: of their predictions, and initialization by initialization of their
 * weights. Weights that began differently, such as those of a new head, have no common meaning.
 *
 * @param runs of one experiment
 * @param parsed its config
 * @throws RunReferenceError if no method has two runs that finished
 */
export async function soupsOf(runs: readonly RunSummary[], parsed: ParsedConfig): Promise<Soup[]> {
  const finished = runs.filter(({ status }) => status === 'finished').sort(byCreation);
  const methods = Map.groupBy(finished, ({ manifest: { aggregator, seed } }) =>
    JSON.stringify([aggregator, seed.split]),
  );
  const several = [...methods.values()].filter((group) => group.length >= 2);
  if (several.length === 0) {
    throw new RunReferenceError(
      'no method has two runs that finished. Expected runs that differ in their seeds. Train with seeds: { init: 1, order: 5 }',
    );
  }
  const session = await openSession(parsed, () => {});
  try {
    const sessions = new RunSessions(session, parsed);
    const soups: Soup[] = [];
    for (const group of several) {
      const inits = [...Map.groupBy(group, ({ manifest }) => manifest.seed.init).values()];
      for (const alike of inits.filter(({ length }) => length >= 2)) {
        soups.push(await soupOf(alike, sessions, true));
      }
      if (inits.length > 1) soups.push(await soupOf(group, sessions, false));
    }
    return soups;
  } finally {
    await closeSession(session);
  }
}

/** @param beganAlike whether their weights can be averaged */
async function soupOf(
  runs: readonly RunSummary[],
  sessions: RunSessions,
  beganAlike: boolean,
): Promise<Soup> {
  const { manifest } = runs[0]!;
  const { aggregator, seed, metric } = manifest;
  const session = await sessions.of(manifest);
  const values = runs.map(({ lastMetric }) => lastMetric?.value ?? Number.NaN);
  const predictions = await Promise.all(runs.map(({ folder }) => readPredictions(folder)));
  const known = predictions.filter((of) => of !== null);
  const together =
    known.length === runs.length ? measureEnsemble(known, session.task.data.classes) : null;
  return {
    method: aggregator,
    init: beganAlike ? seed.init : null,
    runs: runs.map((run) => run.manifest.id),
    metric: metric.name,
    seeds: {
      mean: mean(values),
      std: sampleStandardDeviation(values),
      best: metric.better === 'higher' ? Math.max(...values) : Math.min(...values),
    },
    weights: beganAlike ? await averageWeights(runs, session) : null,
    ensemble: together?.[metric.name] ?? null,
  };
}

/** What the averages of the runs' last weights come to. */
async function averageWeights(
  runs: readonly RunSummary[],
  session: Session,
): Promise<NonNullable<Soup['weights']>> {
  const { manifest } = runs[0]!;
  const { seed, metric } = manifest;
  const aggregation = aggregationFrom(manifest);
  const { task, config, engine } = withOwnOptimizer(session, runs[0]!);
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
      const value = metrics[metric.name] ?? Number.NaN;
      return Number.isFinite(value) ? value : null;
    };
    return {
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
