import { type ChildProcess, spawn } from 'node:child_process';
import { type FileHandle, mkdir, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { type LaunchResult, launchResultSchema } from '../../experiment/launchResult.ts';
import { createGrainFolder, launchesFolder } from '../../runs/grainFolder.ts';

/** How to call `grain`: a Node, and the bundle it runs. */
export interface GrainCommand {
  readonly node: string;
  /** Path of dist/grain.js. */
  readonly script: string;
  /** The Python of the device `torch`; absent: `grain` looks for one. */
  readonly python?: string;
  /** The folder for what GRAIN installs; absent: the user's own. */
  readonly storage?: string;
  /** URL of the proxy that VS Code uses by its settings. */
  readonly proxy?: string;
}

/** A detached `grain` process: it outlives the window that started it. */
export interface Launch {
  readonly pid: number;
  /** Files with its output. */
  readonly stdout: string;
  readonly stderr: string;
  /** The exit status; `null` if a signal ended it. */
  readonly ended: Promise<number | null>;
}

/** Electron, which runs the extensions of a desktop VS Code, is then a plain Node. */
const environment = ({ python, storage, proxy }: Omit<GrainCommand, 'node' | 'script'>) => ({
  ...(proxy && { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: 'localhost,127.0.0.1,::1' }),
  ...process.env,
  ELECTRON_RUN_AS_NODE: '1',
  NODE_USE_ENV_PROXY: '1',
  ...(python && { GRAIN_PYTHON: python }),
  ...(storage && { GRAIN_STORAGE: storage }),
});

/**
 * Starts `grain` as a separate process whose output goes to files in `.grain/launches`.
 *
 * @param args of `grain`
 * @param root folder that holds `.grain`; the process runs there
 * @param onMessage called with each message that the process sends on its IPC channel
 * @throws if the process cannot be started
 */
export async function launch(
  { node, script, ...places }: GrainCommand,
  args: readonly string[],
  root: string,
  onMessage: (message: unknown) => void,
): Promise<Launch> {
  createGrainFolder(root);
  const folder = launchesFolder(root);
  await mkdir(folder, { recursive: true });
  const base = path.join(folder, new Date().toISOString().replaceAll(/[:.]/g, '-'));
  const [stdout, stderr] = [`${base}.out.json`, `${base}.log`];
  const files = await Promise.all([open(stdout, 'a'), open(stderr, 'a')]);
  try {
    const child = spawn(node, [script, ...args], {
      cwd: root,
      detached: true,
      env: environment(places),
      stdio: ['ignore', ...files.map(({ fd }) => fd), 'ipc'],
      windowsHide: true,
    });
    child.on('message', onMessage);
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    await started(child);
    child.unref();
    child.channel?.unref();
    return { pid: child.pid!, stdout, stderr, ended };
  } finally {
    // The child has its own copies.
    await Promise.all(files.map((file: FileHandle) => file.close()));
  }
}

/** What `grain run --json` printed; `undefined` if it ended without, as after a crash. */
export async function resultOf({ stdout }: Launch): Promise<LaunchResult | undefined> {
  try {
    return launchResultSchema.parse(JSON.parse(await readFile(stdout, 'utf8')));
  } catch {
    return undefined;
  }
}

/** How Node and `grain` begin the line that says why a process ended. */
const ERROR_LINE = /^(?:[\w.]*Error(?: \[\w+\])?|FATAL ERROR|error|.*node(?:\.exe)?): /;

/**
 * Why a process ended without a result: the last line on its standard error that states an error. After an uncaught one Node
 * prints a stack trace and its version. Without such a line: the last line; empty if nothing was printed.
 */
export async function errorLine({ stderr }: Launch): Promise<string> {
  return errorLineOf(await readFile(stderr, 'utf8').catch(() => ''));
}

/** As {@link errorLine}, of the text itself. */
export function errorLineOf(stderr: string): string {
  const lines = stderr.trim().split(/\r?\n/);
  return lines.findLast((line) => ERROR_LINE.test(line)) ?? lines.at(-1) ?? '';
}

/** Deletes what a process has printed. */
export async function deleteOutput({ stdout, stderr }: Launch): Promise<void> {
  await Promise.all([stdout, stderr].map((file) => rm(file, { force: true })));
}

/**
 * Runs `grain` to its end in `cwd`.
 *
 * @param onText called with all that it prints, or with why it cannot start
 * @returns its exit status; `null` if it could not be started or a signal ended it
 */
export function runToEnd(
  { node, script, ...places }: GrainCommand,
  args: readonly string[],
  cwd: string | undefined,
  onText: (text: string) => void,
): Promise<number | null> {
  const child = spawn(node, [script, ...args], {
    cwd,
    env: environment(places),
    windowsHide: true,
  });
  child.stdout.on('data', (text) => onText(String(text)));
  child.stderr.on('data', (text) => onText(String(text)));
  return new Promise((resolve) => {
    child.once('error', ({ message }) => {
      onText(`Cannot start ${node}: ${message}\n`);
      resolve(null);
    });
    child.once('close', resolve);
  });
}

/** What a `grain` process printed, and its exit status; `null` if a signal ended it. */
export interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `grain` to its end in `cwd`.
 *
 * @param onMessage called with each message that the process sends on its IPC channel
 * @param cancelled asks the process to end when aborted
 * @throws if the process cannot be started
 */
export async function ask(
  { node, script, ...places }: GrainCommand,
  args: readonly string[],
  cwd: string,
  { onMessage, cancelled }: { onMessage(message: unknown): void; readonly cancelled: AbortSignal },
): Promise<Answer> {
  const child = spawn(node, [script, ...args], {
    cwd,
    env: environment(places),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    windowsHide: true,
  });
  child.on('message', onMessage);
  cancelled.addEventListener('abort', () => child.kill('SIGTERM'));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await started(child);
  const [status, stdout, stderr] = await Promise.all([
    ended,
    text(child.stdout!),
    text(child.stderr!),
  ]);
  return { status, stdout, stderr };
}

/**
 * Runs `grain` to its end in `cwd`, line by line.
 *
 * @param onLine called with each line of its standard output
 * @returns why it failed; empty if it did not
 */
export async function askLines(
  { node, script, ...places }: GrainCommand,
  args: readonly string[],
  cwd: string,
  { onLine, cancelled }: { onLine(line: string): void; readonly cancelled: AbortSignal },
): Promise<string> {
  const child = spawn(node, [script, ...args], {
    cwd,
    env: environment(places),
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  cancelled.addEventListener('abort', () => child.kill('SIGTERM'));
  createInterface(child.stdout).on('line', onLine);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await started(child);
  const [status, stderr] = await Promise.all([ended, text(child.stderr)]);
  return status === 0 ? '' : errorLineOf(stderr).replace(/^error: /, '') || 'it was ended';
}

function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
}
