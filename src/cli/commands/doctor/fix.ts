/** `grain doctor --fix`: what *Set up GPU training* does, without questions. */
import path from 'node:path';
import { formatInspection, inspect } from '../../../environments/inspection.ts';
import {
  baseOf,
  installInto,
  installWebgpu,
  makeEnvironment,
} from '../../../environments/installation.ts';
import type { SetupOptions } from '../../../environments/installer.ts';
import { SetupError } from '../../../environments/setupFailure.ts';
import { imported, isFound, isReady, readyPythons, survey } from '../../../environments/survey.ts';
import { FAILED, OK, STOPPED } from '../../exit.ts';
import { onInterruption } from '../../interruption.ts';

interface FixOptions {
  /** Into which to install; absent: a new environment is made. */
  readonly python?: string;
  readonly webgpu?: boolean;
}

/** @returns the exit status */
export async function fix({ python, webgpu }: FixOptions): Promise<number> {
  const abort = new AbortController();
  onInterruption(() => abort.abort());
  const options = { signal: abort.signal, onLine: (line: string) => console.error(line) };
  try {
    if (webgpu) await fixWebgpu(options);
    else if (python !== undefined) await fixPython(path.resolve(python), options);
    else await fixAny(options);
    return OK;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`error: nothing was set up: ${error.message}`);
    return error.kind === 'cancelled' ? STOPPED : FAILED;
  }
}

async function fixWebgpu(options: SetupOptions): Promise<void> {
  await installWebgpu(options);
  console.log('webgpu is installed. `grain doctor` says whether it finds a GPU.');
}

async function fixPython(python: string, options: SetupOptions): Promise<void> {
  const found = await inspect(python, options.signal ? { signal: options.signal } : {});
  if ('problem' in found) throw new SetupError('unknown', [`${python}: ${found.problem}`]);
  const now = await installInto(python, found, options);
  console.log(`${python}: ${formatInspection(now)}\nTo train in it: GRAIN_PYTHON=${python}`);
}

async function fixAny(options: SetupOptions): Promise<void> {
  const found = (await survey({ folders: [process.cwd()] }, options)).filter(isFound);
  for (const candidate of readyPythons(found)) {
    const ready = await imported(candidate, options);
    if (isFound(ready) && isReady(ready)) {
      console.log(`Nothing is missing in ${ready.path}: ${formatInspection(ready.found)}`);
      if (candidate !== found[0]) console.log(`To train in it: GRAIN_PYTHON=${ready.path}`);
      return;
    }
    console.error(
      `Not in ${ready.path}: ${isFound(ready) ? formatInspection(ready.found) : ready.problem}`,
    );
  }
  const base = baseOf(found);
  if (!base) throw new SetupError(found.length > 0 ? 'pythonTooOld' : 'noPython');
  console.error(`Making an environment of ${base.path}`);
  const made = await makeEnvironment(base.path, options);
  console.log(`${made.python}: ${formatInspection(made.found)}`);
  if (found.some(({ origin }) => origin === 'named' || origin === 'active')) {
    console.log(`To train in it: GRAIN_PYTHON=${made.python}`);
  }
}
