import { type Device, DeviceError, openDevice } from '../backends/device.ts';
import { checked } from '../backends/operations/checked.ts';
import { isOutOfMemory } from '../backends/operations/outOfMemory.ts';
import { readsTexts } from '../config/data.ts';
import type { ParsedConfig } from '../config/parse.ts';
import type { Config } from '../config/schema.ts';
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
  parsed: ParsedConfig,
  onLoading: (loading: Loading) => void,
): Promise<Session> {
  const { config, folder } = parsed;
  const open = readsTexts(config.data) ? openTextTask : openTabularTask;
  const task = await open(parsed, onLoading);
  checkBatch(parsed, task.data);
  const device = await deviceFor(parsed);
  const session = { config, folder, task, device, engine: EngineClient.start() };
  try {
    onLoading({ what: 'loading the model', bytes: null });
    await checkModel(parsed, session);
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

function checkBatch(parsed: ParsedConfig, { train }: Data): void {
  const { batchSize } = parsed.config;
  if (batchSize <= train.count) return;
  throw parsed.error(
    ['batchSize'],
    `a batch of ${batchSize} examples is more than the ${train.count} there are to train on`,
    { expected: `at most ${train.count}` },
  );
}

async function deviceFor(parsed: ParsedConfig): Promise<Device> {
  try {
    return await openDevice(parsed.config.device);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    throw parsed.error(['device'], error.message, {
      expected: 'a device that `grain doctor` calls usable, or auto',
    });
  }
}

/** Builds the model once, to hear its complaints before any run exists. */
async function checkModel(parsed: ParsedConfig, session: Session): Promise<void> {
  try {
    const { task: subject, device } = session;
    const build = () => subject.objective(device, { init: 0, order: 0 });
    (await checked(device, build)).dispose();
  } catch (error) {
    if (isOutOfMemory(error)) {
      throw parsed.error(['model'], `the parameters alone: ${error.message}`, {
        expected: roomFor(session),
      });
    }
    if (error instanceof CheckpointError) {
      throw parsed.error(['model', 'from'], error.message, {
        expected: 'whole weights in safetensors',
      });
    }
    if (!(error instanceof ModelError)) throw error;
    throw parsed.error(error.at.key, error.message, error.at.help);
  }
}
