/** Trains each run as a task of a Ray cluster, whose scheduler decides when and where. Run folders come back while they grow. */
import path from 'node:path';
import type { EndEvent } from '../../runs/events.ts';
import { failedEnd } from '../../runs/runLog.ts';
import { failureOf } from '../../training/failures.ts';
import type { TrainingRun } from '../../training/trainingLoop.ts';
import { endAt, endRun, FollowedLog } from '../followedLog.ts';
import type { Launch } from '../launch.ts';
import type { RunCallbacks } from '../runTrainer.ts';
import { RayDriver } from './rayDriver.ts';

interface Options {
  readonly address: string;
  /** Of each run; parts of a GPU are possible. */
  readonly cpus: number;
  readonly gpus: number;
  /** Folder that holds `.grain` and the project's files. */
  readonly root: string;
  /** Node's flags, and the script of `grain`. */
  readonly grain: readonly string[];
  note(text: string): void;
}

/** The same launch on a cluster; what this process had loaded to check it is given up. @throws RayError */
export async function onRay(launch: Launch, options: Options): Promise<Launch> {
  const { trainer, owned } = launch;
  await trainer.close();
  const { address, cpus, gpus, root } = options;
  const begin = { kind: 'begin', address, cpus, gpus, root, ...scriptOf(options.grain) } as const;
  const driver = await RayDriver.start(begin, options.note).catch((error) => {
    owned.releaseAll();
    throw error;
  });
  return {
    ...launch,
    trainer: {
      device: trainer.device,
      concurrency: launch.runs.length,
      train: (run, callbacks) => train(driver, run, callbacks),
      close: driver.close.bind(driver),
    },
  };
}

/** A bundle is sent to the nodes; sources are expected there, under the same path. */
function scriptOf(grain: readonly string[]): {
  readonly grain: readonly string[];
  readonly ship: string | null;
} {
  const script = grain.at(-1)!;
  if (script.endsWith('.ts')) return { grain, ship: null };
  return { grain: [...grain.slice(0, -1), path.basename(script)], ship: path.dirname(script) };
}

async function train(
  driver: RayDriver,
  run: TrainingRun,
  callbacks: RunCallbacks,
): Promise<EndEvent> {
  const { id } = run.manifest;
  try {
    const log = await FollowedLog.open(run.folder, callbacks.onEvent);
    let isAsked = false;
    const ended = driver.train(id, run.folder);
    await log.until(ended, () => {
      if (isAsked || !callbacks.shouldStop()) return;
      isAsked = true;
      driver.stop(id);
    });
    if (log.end) return log.end;
    const failure = {
      code: 'unknown',
      message: await ended,
      advice: `To continue: grain run --resume ${id}`,
    } as const;
    const end = isAsked ? endAt(log.step, 'stopped') : failedEnd(log.step, failure);
    return endRun(run, end, callbacks);
  } catch (error) {
    return failedEnd(0, failureOf(error, id));
  }
}
