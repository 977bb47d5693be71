import { type ExecFileException, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const checkout = path.resolve(import.meta.dirname, '../..');

function executable(): string {
  return process.env.GRAIN_TEST_PYTHON ?? path.join(checkout, '.cache/python/bin/python');
}

export function hasPython(): boolean {
  return existsSync(executable());
}

/** The interpreter that has PyTorch and Hugging Face's libraries. @throws if it is missing */
export function interpreter(): string {
  const python = executable();
  if (existsSync(python)) return python;
  throw new Error(`${python} is missing: \`npm run test:setup\` makes the Python of the tests`);
}

const OPTIONS = ['-W', 'ignore'];
const QUIET = {
  HF_HUB_OFFLINE: '1',
  TOKENIZERS_PARALLELISM: 'false',
  // Where other tests want the cores too, PyTorch's threads wait for each other many times as long as one alone works.
  OMP_NUM_THREADS: '1',
};

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a script of this folder, offline, with one thread and with warnings off.
 * @param script its file name, for instance `minilm.py`
 * @param env variables beside those of this process; with some, the script has a Python of its own
 * @returns what it printed
 * @throws what it printed on standard error, if it fails
 */
export async function python(
  script: string,
  args: readonly string[] = [],
  env?: NodeJS.ProcessEnv,
): Promise<string> {
  const command = [interpreter(), path.join(import.meta.dirname, script), ...args] as const;
  const socket = process.env.GRAIN_PYTHON_SERVER;
  const ended = await (socket && !env ? onServer(socket, ...command) : alone(env, ...command));
  if (ended.status !== 0) throw new Error(`${script} failed:\n${ended.stderr}`);
  return ended.stdout;
}

async function alone(
  env: NodeJS.ProcessEnv | undefined,
  python: string,
  ...args: readonly string[]
): Promise<Ended> {
  try {
    const { stdout, stderr } = await execute(python, [...OPTIONS, ...args], {
      env: { ...process.env, ...QUIET, ...env },
      maxBuffer: 2 ** 30,
    });
    return { status: 0, stdout, stderr };
  } catch (error) {
    const { stdout, stderr } = error as ExecFileException;
    if (stderr === undefined) throw error;
    return { status: 1, stdout: stdout ?? '', stderr };
  }
}

async function onServer(
  socket: string,
  _python: string,
  script: string,
  ...args: readonly string[]
): Promise<Ended> {
  const connection = createConnection(socket);
  connection.write(`${JSON.stringify({ script, args })}\n`);
  const answer = await text(connection);
  if (answer === '') throw new Error(`the process of ${path.basename(script)} crashed`);
  return JSON.parse(answer) as Ended;
}

/**
 * Starts the Python that runs the scripts of all test files of a suite, each in a process of its own.
 * @returns ends it
 */
export async function startServer(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'grain-python-'));
  const socket = path.join(folder, 'socket');
  const server = spawn(
    interpreter(),
    [...OPTIONS, path.join(import.meta.dirname, 'server.py'), socket],
    { env: { ...process.env, ...QUIET }, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('exit', () => reject(new Error('the Python server ended')));
    server.stdout.once('data', resolve);
  });
  process.env.GRAIN_PYTHON_SERVER = socket;
  return async () => {
    delete process.env.GRAIN_PYTHON_SERVER;
    server.stdin.end();
    await rm(folder, { recursive: true });
  };
}
