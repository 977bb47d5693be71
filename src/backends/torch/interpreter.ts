/** Which Python the device `torch` runs in. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { BackendUnavailable } from '../interface/backend.ts';

/** Names an interpreter, or `none`: then none is looked for. */
const VARIABLE = 'GRAIN_PYTHON';

/**
 * Path of the interpreter: what GRAIN_PYTHON names; the active virtual environment's (VIRTUAL_ENV, then CONDA_PREFIX); `python3`
 * or `python` on the PATH.
 *
 * @throws BackendUnavailable
 */
export function findInterpreter(env: NodeJS.ProcessEnv = process.env): string {
  const named = env[VARIABLE];
  if (named === 'none') {
    throw new BackendUnavailable(
      `${VARIABLE} is none`,
      `unset it, or set it to the path of a Python with PyTorch`,
    );
  }
  if (named) return namedInterpreter(named, env);
  const environments = [env.VIRTUAL_ENV, env.CONDA_PREFIX].filter((folder) => folder);
  const inEnvironments = environments.flatMap((folder) =>
    process.platform === 'win32'
      ? [path.join(folder!, 'Scripts', 'python.exe'), path.join(folder!, 'python.exe')]
      : [path.join(folder!, 'bin', 'python')],
  );
  const found = inEnvironments.find(isFile) ?? onPath('python3', env) ?? onPath('python', env);
  if (found !== undefined) return found;
  throw new BackendUnavailable(
    'no Python was found: no active virtual environment, no python3 on the PATH',
    `install Python 3.10 or newer, or set ${VARIABLE} to the path of one`,
  );
}

function namedInterpreter(named: string, env: NodeJS.ProcessEnv): string {
  const found = named.includes(path.sep) || path.isAbsolute(named) ? named : onPath(named, env);
  if (found !== undefined && isFile(found)) return found;
  throw new BackendUnavailable(
    `${VARIABLE} names ${named}, which does not exist`,
    `set ${VARIABLE} to the path of a Python with PyTorch`,
  );
}

function onPath(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd'] : [''];
  const folders = (env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '');
  return folders
    .flatMap((folder) => endings.map((ending) => path.join(folder, name + ending)))
    .find(isFile);
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}
