/** Installs what training needs: into a Python that is there, into a new environment, or beside GRAIN. */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { carriedWheel, storageFolder } from './carried.ts';
import { type Inspection, inspect, installObstacle, missingPackages } from './inspection.ts';
import { inEnvironment, onPath, ownEnvironment } from './interpreter.ts';
import { runProgram } from './program.ts';
import { causeOf, SetupError } from './setupFailure.ts';

export interface SetupOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** Of grain_torch; absent: the one that GRAIN carries. */
  readonly wheel?: string;
  /** Called with each line that the installer prints. */
  readonly onLine?: (line: string) => void;
}

/** What uv takes where a user's pip has an index of its own. */
const UV_INDEX = 'UV_DEFAULT_INDEX';

/**
 * Installs grain_torch and what the device `torch` needs into a Python, with its pip, or with uv.
 *
 * @returns what the Python has then
 * @throws SetupError
 */
export async function installInto(
  python: string,
  found: Inspection,
  options: SetupOptions = {},
): Promise<Inspection> {
  const obstacle = installObstacle(found);
  if (obstacle) throw new SetupError(obstacle);
  const [uv] = onPath(['uv'], options.env ?? process.env);
  if (!found.hasPip && !uv) throw new SetupError('noPip');
  const wheel = `${options.wheel ?? carriedWheel()}[hf]`;
  if (found.hasPip) {
    const pip = ['-m', 'pip', 'install', '--no-input', '--disable-pip-version-check'];
    await run(python, [...pip, '--progress-bar', 'off', wheel, 'psutil'], options);
  } else {
    await run(uv!, ['pip', 'install', '--python', python, wheel, 'psutil'], options);
  }
  return complete(python, options.signal);
}

/**
 * Makes GRAIN's own environment anew, with uv where it is on the PATH, else with `python -m venv`. If that fails or is cancelled,
 * nothing is left of it.
 *
 * @param base the Python that it is made of
 * @returns the Python of the environment, and what it has
 * @throws SetupError
 */
export async function makeEnvironment(
  base: string,
  options: SetupOptions = {},
): Promise<{ readonly python: string; readonly found: Inspection }> {
  const env = options.env ?? process.env;
  const folder = ownEnvironment(env);
  const [uv] = onPath(['uv'], env);
  const wheel = options.wheel ?? carriedWheel();
  try {
    await mkdir(path.dirname(folder), { recursive: true });
    await rm(folder, { recursive: true, force: true });
    if (uv) await run(uv, ['venv', '--python', base, folder], options);
    else await run(base, ['-m', 'venv', folder], options);
    const [python] = inEnvironment(folder);
    if (python === undefined) throw new SetupError('unknown', [`${folder} has no Python`]);
    const empty = await inspected(python, options.signal);
    return { python, found: await installInto(python, empty, { ...options, wheel }) };
  } catch (error) {
    await rm(folder, { recursive: true, force: true }).catch(() => {});
    throw asSetupError(error);
  }
}

/**
 * Installs the package `webgpu` into GRAIN's storage with the user's npm, which checks it against its registry.
 *
 * @throws SetupError
 */
export async function installWebgpu(range: string, options: SetupOptions = {}): Promise<void> {
  const env = options.env ?? process.env;
  const folder = storageFolder(env);
  const [npm] = onPath(['npm'], env);
  if (npm === undefined) {
    throw new SetupError('notStarted', ['npm is not on the PATH. Install Node.js, which has it.']);
  }
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw asSetupError(error);
  }
  const quiet = ['--no-audit', '--no-fund', '--no-save', '--loglevel=warn'];
  await run(npm, ['install', '--prefix', folder, ...quiet, `webgpu@${range}`], options);
  if (!existsSync(path.join(folder, 'node_modules/webgpu'))) throw new SetupError('incomplete');
}

/** The best Python to make an environment of: the first that nothing but its manager keeps from it. */
export function baseOf<T extends { readonly found: Inspection }>(
  candidates: readonly T[],
): T | undefined {
  return candidates.find(({ found }) => installObstacle(found) !== 'pythonTooOld');
}

async function complete(python: string, signal: AbortSignal | undefined): Promise<Inspection> {
  const found = await inspected(python, signal);
  const missing = missingPackages(found);
  if (missing.length > 0) throw new SetupError('incomplete', [`${missing} missing`]);
  return found;
}

async function inspected(python: string, signal: AbortSignal | undefined): Promise<Inspection> {
  const found = await inspect(python, signal ? { signal } : {});
  if (signal?.aborted) throw new SetupError('cancelled');
  if ('problem' in found) throw new SetupError('unknown', [`${python}: ${found.problem}`]);
  return found;
}

/** @throws SetupError if it fails */
async function run(
  command: string,
  args: readonly string[],
  { env = process.env, signal, onLine }: SetupOptions,
): Promise<void> {
  const index = env.PIP_INDEX_URL;
  const ended = await runProgram(command, args, {
    env: {
      ...env,
      // Its messages are recognized in English.
      LC_ALL: 'C.UTF-8',
      PYTHONUNBUFFERED: '1',
      ...(index && !env[UV_INDEX] && { [UV_INDEX]: index }),
    },
    ...(signal && { signal }),
    ...(onLine && { onLine }),
  });
  if (ended.status !== 0) throw new SetupError(causeOf(ended), ended.last);
}

function asSetupError(error: unknown): SetupError {
  if (error instanceof SetupError) return error;
  const last = [error instanceof Error ? error.message : String(error)];
  return new SetupError(causeOf({ last }), last);
}
