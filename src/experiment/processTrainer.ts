/** Trains each run in a process of its own, several at a time. The processes outlive this one, and finish their runs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { EndEvent } from '../runs/events.ts';
import { formatRun } from '../runs/format.ts';
import { nearestRoot, runFile } from '../runs/grainFolder.ts';
import { type Loading, loadingMessageSchema } from '../runs/loading.ts';
import { failedEnd } from '../runs/runLog.ts';
import { failureOf } from '../training/failures.ts';
import type { TrainingRun } from '../training/trainingLoop.ts';
import { endAt, endRun, FollowedLog } from './followedLog.ts';
import type { Launch } from './launch.ts';
import { errorSchema } from './launchResult.ts';
import type { RunCallbacks } from './runTrainer.ts';

interface Options {
  readonly concurrency: number;
  /** `grain` without arguments: a Node, its flags, and the script. */
  readonly grain: readonly [string, ...string[]];
  onLoading(loading: Loading): void;
  note(text: string): void;
}

/** The same launch, with a process for each run; what this process had loaded to check it is given up. */
export async function inProcesses(launch: Launch, options: Options): Promise<Launch> {
  const { trainer } = launch;
  await trainer.close();
  return {
    ...launch,
    trainer: {
      device: trainer.device,
      concurrency: options.concurrency,
      train: (run, callbacks) => new ProcessOfRun(run, options).train(callbacks),
      close: async () => {},
    },
  };
}

class ProcessOfRun {
  readonly #run: TrainingRun;
  readonly #options: Options;

  constructor(run: TrainingRun, options: Options) {
    this.#run = run;
    this.#options = options;
  }

  /** A run whose process dies is resumed, unless it got no further than the last time. */
  async train(callbacks: RunCallbacks): Promise<EndEvent> {
    try {
      const log = await FollowedLog.open(this.#run.folder, callbacks.onEvent);
      for (let reached = -1; ; ) {
        if (callbacks.shouldStop()) return endRun(this.#run, endAt(log.step, 'stopped'), callbacks);
        const reason = await this.#attempt(log, callbacks);
        if (log.end) return log.end;
        await callbacks.retake();
        if (reason.isFinal || log.step <= reached) {
          const { message } = reason;
          const advice = `To continue: grain run --resume ${this.#run.manifest.id}`;
          const failed = failedEnd(log.step, { code: 'unknown', message, advice });
          return endRun(this.#run, failed, callbacks);
        }
        reached = log.step;
        this.#options.note(`${formatRun(this.#run.manifest)}: ${reason.message}; it resumes`);
      }
    } catch (error) {
      return failedEnd(0, failureOf(error, this.#run.manifest.id));
    }
  }

  /** @returns why its process ended, of interest if the log has no end */
  async #attempt(
    log: FollowedLog,
    callbacks: RunCallbacks,
  ): Promise<{ readonly message: string; readonly isFinal: boolean }> {
    const { folder, resumeFrom } = this.#run;
    let isAsked = false;
    const { ended } = startWorker(this.#options, [
      ...['work', path.basename(folder), '--root', nearestRoot(folder), '--progress', 'ipc'],
      ...['--token', callbacks.token() ?? ''],
      ...(resumeFrom === undefined ? [] : ['--from', resumeFrom]),
    ]);
    await log.until(ended, () => {
      if (isAsked || !callbacks.shouldStop()) return;
      isAsked = true;
      writeFileSync(runFile(folder, 'stop'), '');
    });
    const { status, signal, stdout, stderr } = await ended;
    const said = errorIn(stdout);
    if (said !== null) return { message: said, isFinal: true };
    const how = signal === null ? `ended with status ${status}` : `was killed (${signal})`;
    const last = stderr.trim().split('\n').at(-1);
    return {
      message: `Its process ${how} at step ${log.step}${signal === null && last ? `: ${last}` : ''}`,
      isFinal: false,
    };
  }
}

interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Ctrl-C in the terminal of this process does not reach it: it is asked to stop as any other run. */
function startWorker({ grain, onLoading }: Options, args: readonly string[]) {
  const [node, ...before] = grain;
  const child = spawn(node, [...before, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    windowsHide: true,
  });
  child.on('message', (message) => {
    const { data } = loadingMessageSchema.safeParse(message);
    if (data) onLoading(data.loading);
  });
  return { ended: endOf(child) };
}

async function endOf(child: ChildProcess): Promise<Ended> {
  const ended = new Promise<Pick<Ended, 'status' | 'signal'>>((resolve, reject) => {
    child.once('close', (status, signal) => resolve({ status, signal }));
    child.once('error', reject);
  });
  const [{ status, signal }, stdout, stderr] = await Promise.all([
    ended,
    text(child.stdout!),
    text(child.stderr!),
  ]);
  return { status, signal, stdout, stderr };
}

/** What a worker said why it could not begin; null if it said nothing. */
function errorIn(stdout: string): string | null {
  try {
    return errorSchema.parse(JSON.parse(stdout)).error.message;
  } catch {
    return null;
  }
}
