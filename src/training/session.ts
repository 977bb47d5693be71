import { type Device, DeviceError, openDevice } from '../backends/device.ts';
import { checked } from '../backends/operations/checked.ts';
import { isOutOfMemory } from '../backends/operations/outOfMemory.ts';
import type { Request } from '../config/request.ts';
import type { Config } from '../config/schema.ts';
import { readsTexts } from '../config/texts.ts';
import type { Data } from '../data/dataset.ts';
import { EngineClient } from '../engine/client.ts';
import { CheckpointError } from '../hub/files/checkpointError.ts';
import { ModelError } from '../nn/module/model.ts';
import type { Loading } from '../runs/loading.ts';
import type { TrainingTask } from './objective/objective.ts';
import { roomFor } from './outOfMemoryAdvice.ts';
import { openTabularTask } from './tabular/tabularTask.ts';
import { openTextTask } from './text/textTask.ts';

/** All that the runs of one config share while a process trains them. */
export interface Session {
  readonly config: Config;
  /** Paths in the config are relative to this folder. */
  readonly folder: string;
  readonly task: TrainingTask;
  readonly device: Device;
  readonly engine: EngineClient;
}

/**
 * Reads and checks everything that training will need, and writes nothing.
 * @param onLoading is told of what is fetched and read
 * @throws ConfigError pointing at what is wrong in the config or the data
 */
export async function openSession(
  request: Request,
  onLoading: (loading: Loading) => void,
): Promise<Session> {
  const { config, folder } = request;
  const open = readsTexts(config.data) ? openTextTask : openTabularTask;
  const task = await open(request, onLoading);
  checkBatch(request, task.data);
  const device = await deviceFor(request);
  const session = { config, folder, task, device, engine: EngineClient.start() };
  try {
    onLoading({ what: 'loading the model', bytes: null });
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
    const { task: subject, device } = session;
    const build = () => subject.objective(device, { init: 0, order: 0 });
    (await checked(device, build)).dispose();
  } catch (error) {
    if (isOutOfMemory(error)) {
      throw request.problem(['model'], `the parameters alone: ${error.message}`, {
        expected: roomFor(session),
      });
    }
    if (error instanceof CheckpointError) {
      throw request.problem(['model', 'from'], error.message, {
        expected: 'whole weights in safetensors',
      });
    }
    if (!(error instanceof ModelError)) throw error;
    throw request.problem(error.at.key, error.message, error.at.help);
  }
}
