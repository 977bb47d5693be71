/** Installs what training needs: into a Python that is there, into a new environment, or beside GRAIN. */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { carriedWheel, storageFolder } from './carried.ts';
import { type Inspection, inspect, installObstacle, missingPackages } from './inspection.ts';
import { run, type SetupOptions } from './installer.ts';
import { inEnvironment, onPath, ownEnvironment } from './interpreter.ts';
import { fetchPackage, type RegistryPackage } from './registryPackage.ts';
import { asSetupError, SetupError } from './setupFailure.ts';

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

/** It needs no other package at run time. A test holds it to package-lock.json. */
export const WEBGPU: RegistryPackage = {
  name: 'webgpu',
  version: '0.6.2',
  integrity:
    'sha512-3L4GfmqJLvYUIEWJngEQY+2HQiUlAFkg8+P8NDDj3Xx5hHHIFO/r8JW+ynfqBj7kHN4mbnwO74uB+lrRtLhp4Q==',
};

/**
 * Installs the package `webgpu` into GRAIN's storage.
 *
 * @throws SetupError
 */
export async function installWebgpu(options: SetupOptions = {}): Promise<void> {
  const folder = storageFolder(options.env ?? process.env);
  try {
    await fetchPackage(WEBGPU, folder, options);
  } catch (error) {
    const { name, version } = WEBGPU;
    // Which knows proxies and registries that ask for a password.
    options.onLine?.(
      `Where npm can: npm install --prefix ${JSON.stringify(folder)} ${name}@${version}`,
    );
    throw error;
  }
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
