import { stat } from 'node:fs/promises';
import { EngineClient } from '../engine/client.ts';
import type { Config } from '../experiment/config.ts';
import { readsTexts } from '../experiment/texts.ts';
import type { Data } from './data/dataset.ts';
import { loadData } from './data/load.ts';
import { type Device, DeviceError, openDevice } from './devices/device.ts';
import type { Task } from './loss.ts';
import { buildModel } from './models/build.ts';
import { ModelError } from './models/model.ts';
import type { Objective } from './objective.ts';
import type { Request } from './request.ts';
import { TabularObjective } from './tabularObjective.ts';

/** All that the runs of one config share while a process trains them. */
export interface Session {
  readonly config: Config;
  /** Paths in the config are relative to this folder. */
  readonly folder: string;
  readonly data: Data;
  readonly device: Device;
  readonly engine: EngineClient;
}

/**
 * Reads and checks everything that training will need, and writes nothing.
 * @param onLoading is told the bytes of data files read so far, and in all
 * @throws ConfigError pointing at what is wrong in the config or the data
 */
export async function openSession(
  request: Request,
  onLoading: (done: number, total: number) => void,
): Promise<Session> {
  const { config, folder } = request;
  if (readsTexts(config.data)) {
    throw request.problem(['model', 'from'], 'transformers cannot be trained yet', {
      expected: 'a TensorFlow.js layers model',
    });
  }
  checkGroups(request);
  const data = await loadWithProgress(request, onLoading);
  checkBatch(request, data);
  const device = await deviceFor(request);
  const session = { config, folder, data, device, engine: EngineClient.start() };
  try {
    await checkModel(request, session);
    return session;
  } catch (error) {
    await closeSession(session);
    throw error;
  }
}

export async function closeSession({ device, engine }: Session): Promise<void> {
  await engine.close();
  await device.close();
}

/**
 * What one run minimises, before its first step.
 *
 * @param seed of fresh weights
 */
export async function objectiveFor(session: Session, seed: number): Promise<Objective> {
  const { config, data, folder } = session;
  const outputs = config.task === 'classification' ? data.classes.length : 1;
  const model = await buildModel(config.model, { input: data.shape, outputs }, seed, folder);
  return new TabularObjective(model, data, config.task as Task);
}

async function loadWithProgress(
  request: Request,
  onLoading: (done: number, total: number) => void,
): Promise<Data> {
  const files = [request.dataFile('train'), request.dataFile('validation')];
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  const total = sizes.reduce((sum, size) => sum + size);
  let done = 0;
  return loadData(request, (bytes) => {
    done += bytes;
    onLoading(done, total);
  });
}

function checkGroups(request: Request): void {
  const { groups, task, batchSize } = request.config;
  if (groups.by === 'label' && task !== 'classification') {
    throw request.problem(['groups', 'by'], `a ${task} has no labels to make groups by`, {
      expected: 'microbatch, random or column:<name>',
    });
  }
  const isCounted = groups.by === 'microbatch' || groups.by === 'random';
  if (isCounted && groups.count > batchSize) {
    throw request.problem(
      ['groups', 'count'],
      `${groups.count} groups cannot be made of a batch of ${batchSize} examples`,
      { expected: `a count of at most batchSize, ${batchSize}` },
    );
  }
}

function checkBatch(request: Request, { train }: Data): void {
  const { batchSize } = request.config;
  if (batchSize <= train.count) return;
  throw request.problem(
    ['batchSize'],
    `a batch of ${batchSize} examples is more than the ${train.count} there are to train on`,
    { expected: `at most ${train.count}` },
  );
}

async function deviceFor(request: Request): Promise<Device> {
  try {
    return await openDevice(request.config.device);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    throw request.problem(['device'], error.message, {
      expected: 'a device that `grain doctor` calls usable, or auto',
    });
  }
}

/** Builds the model once, to hear its complaints before any run exists. */
async function checkModel(request: Request, session: Session): Promise<void> {
  try {
    (await objectiveFor(session, 0)).dispose();
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    throw request.problem(['model'], error.message, { expected: 'a model that fits the data' });
  }
}
