import { isDeepStrictEqual } from 'node:util';
import {
  automaticBackends,
  type Device,
  DeviceError,
  openDevice,
  type TorchDevice,
} from '../backends/device.ts';
import { isOutOfMemory } from '../backends/interface/deviceErrors.ts';
import { readsTexts } from '../config/data.ts';
import { expand } from '../config/expand.ts';
import type { ParsedConfig } from '../config/parse.ts';
import type { Config } from '../config/schema.ts';
import { checkAgainstData } from '../data/checkAgainstData.ts';
import { DataReads } from '../data/dataReads.ts';
import type { Data } from '../data/dataset.ts';
import { EngineClient } from '../engine/client.ts';
import { lockDevice } from '../runs/deviceLock.ts';
import type { Loading } from '../runs/loading.ts';
import { atConfig } from './modelErrors.ts';
import { smallerModelAdvice } from './outOfMemoryAdvice.ts';
import { openTabularTask } from './tabular/tabularTask.ts';
import { openTextTask } from './text/textTask.ts';
import { canTrainOnTorch, openTorchTask } from './torch/torchTask.ts';
import type { TrainingTask } from './trainingTask.ts';

/** What the runs of one config share while a process trains them. */
export interface Session {
  readonly config: Config;
  /** Paths in the config are relative to this folder. */
  readonly folder: string;
  readonly task: TrainingTask;
  readonly device: Device | TorchDevice;
  readonly engine: EngineClient;
  readonly reads: DataReads;
  /** Lets another experiment have the GPU; absent on the processor. */
  readonly unlock?: () => void;
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
  const device = await openConfiguredDevice(parsed);
  return closeOnError(device, async () => {
    const unlock = await lockGpu(device, onLoading);
    const session = closeOnError({ close: async () => unlock?.() }, () =>
      openOnDevice(parsed, device, onLoading),
    );
    return { ...(await session), ...(unlock && { unlock }) };
  });
}

/** Waits for the experiment that trains on the GPU; undefined where there is no GPU to wait for. */
async function lockGpu(
  device: Session['device'],
  onLoading: (loading: Loading) => void,
): Promise<(() => void) | undefined> {
  const isGpu =
    device.backend === 'torch'
      ? device.onGpu
      : device.backend === 'cuda' || (device.backend === 'webgpu' && !device.isSoftware);
  if (!isGpu) return undefined;
  const visible = process.env.CUDA_VISIBLE_DEVICES?.split(',')[0]?.trim().replaceAll(/\W/g, '-');
  return lockDevice(`gpu-${visible || '0'}`, (pid) =>
    onLoading({
      what: `waiting for the GPU, on which another experiment trains (process ${pid})`,
      bytes: null,
    }),
  );
}

async function openOnDevice(
  parsed: ParsedConfig,
  device: Session['device'],
  onLoading: (loading: Loading) => void,
): Promise<Session> {
  const { folder } = parsed;
  const reads = new DataReads();
  const task = await openTask(parsed, device, onLoading, reads);
  checkAgainstData(parsed, task.data);
  const config = configOf(parsed, task);
  await task.download?.(onLoading);
  const engine = EngineClient.start();
  return closeOnError(engine, async () => {
    const session = { config, folder, task, device, engine, reads };
    onLoading({ what: 'loading the model', bytes: null });
    await checkModel(parsed, session);
    return session;
  });
}

/** What a task is opened with: data and network follow from these. */
const OPENED_WITH = ['model', 'data', 'groups'] as const;

/**
 * The same device for some of its runs: with another split of the data, or at another point of the grid. Data and network are opened
 * anew only if they are others.
 *
 * @param parsed the config of these runs
 * @throws ConfigError as {@link openSession} does
 */
export async function sessionFor(session: Session, parsed: ParsedConfig): Promise<Session> {
  const isSame = OPENED_WITH.every((key) =>
    isDeepStrictEqual(session.config[key], parsed.config[key]),
  );
  const { device, reads } = session;
  const task = isSame ? session.task : await openTask(parsed, device, () => {}, reads);
  checkAgainstData(parsed, task.data);
  const own = { ...session, task, config: configOf(parsed, task) };
  if (!isDeepStrictEqual(session.config.model, parsed.config.model)) await checkModel(parsed, own);
  return own;
}

/** With the steps that epochs make. */
function configOf({ config }: ParsedConfig, { data }: TrainingTask): Config {
  return { ...config, steps: stepsOf(config, data) };
}

function openTask(
  parsed: ParsedConfig,
  device: Session['device'],
  onLoading: (loading: Loading) => void,
  reads: DataReads,
): Promise<TrainingTask> {
  if (device.backend === 'torch') return openTorchTask(parsed, device, onLoading, reads);
  const open = readsTexts(parsed.config.data) ? openTextTask : openTabularTask;
  return open(parsed, device, onLoading, reads);
}

export async function closeSession({ device, engine, unlock }: Session): Promise<void> {
  try {
    await engine.close();
  } finally {
    await device.close().finally(unlock);
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

/** Steps of a run; those of a config with epochs follow from its data. */
function stepsOf({ epochs, steps, batchSize }: Config, { train }: Data): number {
  return epochs === undefined ? steps : Math.ceil((epochs * train.count) / batchSize);
}

async function openConfiguredDevice(parsed: ParsedConfig): Promise<Session['device']> {
  const { config } = parsed;
  const { device } = config;
  try {
    if (device !== 'auto') return await openDevice(device);
    return await openDevice(automaticBackends(canTrainOnTorch(config)));
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
    const { config, engine, task } = session;
    // As the first run begins: a child process that has loaded the model does not load it again for that.
    const { aggregation, seed } = expand({ ...config, grid: undefined })[0]!;
    (await task.learner({ config, engine, aggregation, seed })).dispose();
  } catch (error) {
    if (isOutOfMemory(error)) {
      throw parsed.error(['model'], `the parameters do not fit into memory: ${error.message}`, {
        expected: smallerModelAdvice(session),
      });
    }
    throw atConfig(parsed, error);
  }
}
