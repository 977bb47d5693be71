/** Trains runs by a program of the user's: whatever it is, its exit, its output and its duration; if it writes the run format, live. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { messageOf } from '../config/errors.ts';
import { signalGroup } from '../environments/program.ts';
import type { EndEvent, RunEvent } from '../runs/events.ts';
import type { RunFailure } from '../runs/failure.ts';
import { nearestRoot, runFile } from '../runs/grainFolder.ts';
import { RunIndex } from '../runs/index/runIndex.ts';
import { isRunning } from '../runs/owner.ts';
import { failedEnd } from '../runs/runLog.ts';
import { failureOf } from '../training/failures.ts';
import type { TrainingRun } from '../training/trainingLoop.ts';
import { appendEvent, endAt, endRun, FollowedLog } from './followedLog.ts';
import type { RunCallbacks, RunTrainer } from './runTrainer.ts';

/** From the request to stop to SIGTERM, for a program that writes the run format and saves a checkpoint first. */
const CHECKPOINT_MS = 60_000;
/** From SIGTERM to SIGKILL. */
const GRACE_MS = 10_000;
/** Of its output, in the reason of a failure. */
const LAST_LINES = 5;
/** Lines of a program have any length: no more is read of its output. */
const LAST_BYTES = 8192;

/** @param command of any of the runs, for people */
export function programTrainer(concurrency: number, command: readonly string[]): RunTrainer {
  return {
    device: { backend: 'program', name: command.slice(0, 2).join(' ') },
    concurrency,
    train: async (run, callbacks) => {
      try {
        return await new ProgramRun(run, callbacks).train();
      } catch (error) {
        return failedEnd(0, failureOf(error, run.manifest.id));
      }
    },
    close: async () => {},
  };
}

class ProgramRun {
  readonly #run: TrainingRun;
  readonly #callbacks: RunCallbacks;
  /** When it was asked to stop. */
  #askedAt: number | null = null;

  constructor(run: TrainingRun, callbacks: RunCallbacks) {
    this.#run = run;
    this.#callbacks = callbacks;
  }

  async train(): Promise<EndEvent> {
    const { folder, manifest } = this.#run;
    const { onEvent, shouldStop, retake } = this.#callbacks;
    const log = await FollowedLog.open(folder, onEvent);
    if (shouldStop()) return this.#end(endAt(log.step, 'stopped'));
    const left = await programLeft(this.#run);
    if (left !== null) return this.#end(failedEnd(log.step, stillRunning(left, manifest.id)));
    const begin = outputSize(folder);
    const child = this.#spawn();
    const exit = exitOf(child);
    if (child.pid !== undefined) {
      const start: RunEvent = { kind: 'start', at: Date.now(), pid: child.pid, fromStep: 0 };
      appendEvent(this.#run, start, this.#callbacks);
    }
    await log.until(exit, () => this.#stopIfAsked(child));
    // One that writes the run format has owned the run meanwhile.
    await retake();
    return this.#ended(await exit, log, () => lastLines(folder, begin));
  }

  #spawn(): ChildProcess {
    const { folder, manifest } = this.#run;
    const [program, ...args] = manifest.command ?? [];
    const output = openSync(runFile(folder, 'output'), 'a');
    try {
      return spawn(program ?? '', args, {
        cwd: path.dirname(path.join(nearestRoot(folder), manifest.configPath)),
        // A process group of its own, for what it starts ends with it; it outlives this process.
        detached: true,
        env: {
          ...process.env,
          GRAIN_RUN_FOLDER: folder,
          GRAIN_RUN_TOKEN: this.#callbacks.token() ?? '',
        },
        stdio: ['ignore', output, output],
        windowsHide: true,
      });
    } finally {
      closeSync(output);
    }
  }

  /** SIGTERM to the process group, then SIGKILL. One that writes the run format is first asked by the file `stop`. */
  #stopIfAsked(child: ChildProcess): void {
    if (this.#askedAt === null && !this.#callbacks.shouldStop()) return;
    const now = performance.now();
    if (this.#askedAt === null) writeFileSync(runFile(this.#run.folder, 'stop'), '');
    this.#askedAt ??= now;
    // One that writes the run format has taken the run over.
    const grace = this.#callbacks.isHeld() ? 0 : CHECKPOINT_MS;
    const since = now - this.#askedAt;
    const isEnded = child.exitCode !== null || child.signalCode !== null;
    if (since < grace || isEnded) return;
    signalGroup(child, since >= grace + GRACE_MS ? 'SIGKILL' : 'SIGTERM');
  }

  #ended({ status, signal, error }: Exit, log: FollowedLog, output: () => string): EndEvent {
    const isSuccess = status === 0;
    if (log.end && (isSuccess || log.end.status !== 'finished')) return log.end;
    if (this.#askedAt !== null) return this.#end(endAt(log.step, 'stopped'));
    if (isSuccess) return this.#end(endAt(log.step, 'finished'));
    const how = signal === null ? `ended with status ${status}` : `was killed (${signal})`;
    const said = output();
    const message =
      error === null
        ? `The program ${how}${said && `: ${said}`}`
        : `The program cannot be started: ${messageOf(error)}`;
    const advice = `Its output is in output.log of the run. To run it again: grain run --resume ${this.#run.manifest.id}`;
    return this.#end(failedEnd(log.step, { code: 'unknown', message, advice }));
  }

  #end(end: EndEvent): EndEvent {
    return endRun(this.#run, end, this.#callbacks);
  }
}

interface Exit {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started. */
  readonly error: Error | null;
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (status, signal) => resolve({ status, signal, error: null }));
    child.once('error', (error) => resolve({ status: null, signal: null, error }));
  });
}

/** The program of an earlier start that did not end with the process that watched it; null if there is none. */
async function programLeft(run: TrainingRun): Promise<number | null> {
  let pid: number | null = null;
  for (const event of await RunIndex.use(run, (index) => index.rare())) {
    if (event.kind === 'start') ({ pid } = event);
    if (event.kind === 'end') pid = null;
  }
  return pid !== null && isRunning(pid) && isProgramOf(pid, run.folder) ? pid : null;
}

/** On Linux, whether a process was started for the run: its id may be another one's by now, and is on another machine. */
function isProgramOf(pid: number, folder: string): boolean {
  if (process.platform !== 'linux') return true;
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return environment.includes(`GRAIN_RUN_FOLDER=${folder}`);
  } catch {
    return false;
  }
}

function stillRunning(pid: number, run: string): RunFailure {
  return {
    code: 'unknown',
    message: `Its program from before still runs, as process ${pid}`,
    advice: `Let it end, or end it. Then: grain run --resume ${run}`,
  };
}

function outputSize(folder: string): number {
  return statSync(runFile(folder, 'output'), { throwIfNoEntry: false })?.size ?? 0;
}

/** Of what the program has printed. */
function lastLines(folder: string, begin: number): string {
  const file = openSync(runFile(folder, 'output'), 'r');
  try {
    const end = fstatSync(file).size;
    const bytes = Buffer.alloc(Math.min(LAST_BYTES, Math.max(0, end - begin)));
    readSync(file, bytes, 0, bytes.length, end - bytes.length);
    const lines = bytes.toString().trimEnd().split(/\r?\n/);
    return lines.slice(-LAST_LINES).join('\n');
  } finally {
    closeSync(file);
  }
}
