import { type Device, DeviceError, openDevice } from '../backends/device.ts';
import { isOutOfMemory, runChecked } from '../backends/interface/deviceErrors.ts';
import { readsTexts } from '../config/data.ts';
import type { ParsedConfig } from '../config/parse.ts';
import type { Config } from '../config/schema.ts';
import type { Data } from '../data/dataset.ts';
import { EngineClient } from '../engine/client.ts';
import type { Loading } from '../runs/loading.ts';
import { atConfig } from './modelErrors.ts';
import type { TrainingTask } from './objective/objective.ts';
import { smallerModelAdvice } from './outOfMemoryAdvice.ts';
import { openTabularTask } from './tabular/tabularTask.ts';
import { openTextTask } from './text/textTask.ts';

/** What the runs of one config share while a process trains them. */
export interface Session {
  readonly config: Config;
  /** Paths in the config are relative to this folder. */
  readonly folder: string;
  readonly task: TrainingTask;
  readonly device: Device;
  readonly engine: EngineClient;
}

/**
 * Reads and checks everything that training needs; writes nothing. If it fails, everything that was opened is closed.
 *
 * @param onLoading called while something is downloaded or read
 * @throws ConfigError pointing at what is wrong in the config or the data
 */
export async function openSession(
  parsed: ParsedConfig,
  onLoading: (loading: Loading) => void,
): Promise<Session> {
  const { config, folder } = parsed;
  const open = readsTexts(config.data) ? openTextTask : openTabularTask;
  const task = await open(parsed, onLoading);
  checkBatchSize(parsed, task.data);
  const device = await openConfiguredDevice(parsed);
  return closeOnError(device, async () => {
    await task.download?.(onLoading);
    const engine = EngineClient.start();
    return closeOnError(engine, async () => {
      const session = { config, folder, task, device, engine };
      onLoading({ what: 'loading the model', bytes: null });
      await checkModel(parsed, session);
      return session;
    });
  });
}

export async function closeSession({ device, engine }: Session): Promise<void> {
  try {
    await engine.close();
  } finally {
    await device.close();
  }
}

/** Closes a resource if the work with it fails. */
async function closeOnError<T>(
  resource: { close(): Promise<void> },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await resource.close();
    throw error;
  }
}

function checkBatchSize(parsed: ParsedConfig, { train }: Data): void {
  const { batchSize } = parsed.config;
  if (batchSize <= train.count) return;
  throw parsed.error(
    ['batchSize'],
    `a batch of ${batchSize} examples is larger than the training set of ${train.count}`,
    { expected: `at most ${train.count}` },
  );
}

async function openConfiguredDevice(parsed: ParsedConfig): Promise<Device> {
  try {
    return await openDevice(parsed.config.device);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    throw parsed.error(['device'], error.message, {
      expected: 'a device that `grain doctor` calls usable, or auto',
    });
  }
}

/** Builds the model once, so that its errors are reported before any run exists. */
async function checkModel(parsed: ParsedConfig, session: Session): Promise<void> {
  try {
    const { task, device } = session;
    const build = () => task.objective(device, { init: 0, order: 0 });
    (await runChecked(device, build)).dispose();
  } catch (error) {
    if (isOutOfMemory(error)) {
      throw parsed.error(['model'], `the parameters do not fit into memory: ${error.message}`, {
        expected: smallerModelAdvice(session),
      });
    }
    throw atConfig(parsed, error);
  }
}
