/** Runs another program to its end, or until it is cancelled: then it ends with all that it has started. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which it is ended. */
  readonly timeout?: number;
  /** Called with each line that it prints on standard output or standard error. */
  readonly onLine?: (line: string) => void;
}

export interface Ended {
  /** `null` if a signal ended it, or it could not be started. */
  readonly status: number | null;
  /** Lines of standard output. */
  readonly stdout: readonly string[];
  /** The last lines of both. */
  readonly last: readonly string[];
  /** Why it was ended before its time, or could not be started. */
  readonly cut?: 'cancelled' | 'timedOut' | 'notStarted';
}

/** How many of the last lines are kept. */
const LAST = 40;
/** Milliseconds that a program has to end by itself. */
const GRACE_MS = 3_000;

export async function runProgram(
  command: string,
  args: readonly string[],
  { cwd, env = process.env, signal, timeout, onLine }: ProgramOptions = {},
): Promise<Ended> {
  const stdout: string[] = [];
  const last: string[] = [];
  if (signal?.aborted) return { status: null, stdout, last, cut: 'cancelled' };
  // A process group of its own, so that all its processes can be ended.
  const child = spawn(command, args, {
    cwd,
    env,
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const hear = (line: string) => {
    last.push(line);
    if (last.length > LAST) last.shift();
    onLine?.(line);
  };
  createInterface(child.stdout).on('line', (line) => {
    stdout.push(line);
    hear(line);
  });
  createInterface(child.stderr).on('line', hear);
  let cut: Ended['cut'];
  let killing: NodeJS.Timeout | undefined;
  const end = (reason: 'cancelled' | 'timedOut') => {
    if (cut) return;
    cut = reason;
    signalGroup(child, 'SIGTERM');
    killing = setTimeout(() => signalGroup(child, 'SIGKILL'), GRACE_MS);
  };
  const cancel = () => end('cancelled');
  signal?.addEventListener('abort', cancel);
  const timer = timeout === undefined ? undefined : setTimeout(() => end('timedOut'), timeout);
  const status = await new Promise<number | null>((resolve) => {
    child.once('error', ({ message }) => {
      cut = 'notStarted';
      hear(message);
      resolve(null);
    });
    child.once('close', resolve);
  });
  clearTimeout(timer);
  clearTimeout(killing);
  signal?.removeEventListener('abort', cancel);
  return { status, stdout, last, ...(cut && { cut }) };
}

/** Signals a process of a group of its own, and all that it has started. Windows has no such groups, and ends them at once. */
export function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    execFile('taskkill', ['/pid', String(pid), '/T', '/F'], () => {});
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // All have ended.
  }
}
