/** Which Pythons there are, and which of them the device `torch` runs in. */
import { readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { storageFolder } from './carried.ts';

/** Names an interpreter, or `none`: then none is looked for. */
const VARIABLE = 'GRAIN_PYTHON';

/** No interpreter, or not the one that was named. */
export class NoInterpreterError extends Error {
  override readonly name = 'NoInterpreterError';
  /** What the user can do about it. */
  readonly remedy: string;

  constructor(reason: string, remedy: string) {
    super(reason);
    this.remedy = remedy;
  }
}

/** How an interpreter was found: named by the user, of GRAIN's own environment, told by another extension, … */
export type Origin = 'named' | 'active' | 'own' | 'workspace' | 'told' | 'path' | 'pyenv';

export interface Interpreter {
  readonly path: string;
  readonly origin: Origin;
}

export interface Search {
  /** Folders whose environments count. */
  readonly folders?: readonly string[];
  /** Interpreters, or folders of environments, that somebody else knows. */
  readonly others?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Path of the interpreter: what GRAIN_PYTHON names; the active virtual environment's (VIRTUAL_ENV, then CONDA_PREFIX); that of the
 * environment that GRAIN has made; `python3` or `python` on the PATH.
 *
 * @throws NoInterpreterError
 */
export function findInterpreter(env: NodeJS.ProcessEnv = process.env): string {
  const named = env[VARIABLE];
  if (named === 'none') {
    throw new NoInterpreterError(
      `${VARIABLE} is none`,
      `unset it, or set it to the path of a Python with PyTorch`,
    );
  }
  if (named) return namedInterpreter(named, env);
  const found = [...activeOnes(env), ...ownOne(env), ...onPath(['python3', 'python'], env)][0];
  if (found !== undefined) return found;
  throw new NoInterpreterError(
    'no Python was found: no active virtual environment, no python3 on the PATH',
    `install Python 3.10 or newer, or set ${VARIABLE} to the path of one`,
  );
}

/** All interpreters, each once, those first that {@link findInterpreter} would take; none if GRAIN_PYTHON is `none`. */
export function interpreters({
  folders = [],
  others = [],
  env = process.env,
}: Search): Interpreter[] {
  const named = env[VARIABLE];
  if (named === 'none') return [];
  const inFolders = folders.flatMap((folder) =>
    ['.venv', 'venv'].map((name) => path.join(folder, name)),
  );
  const all: readonly (readonly [Origin, readonly string[]])[] = [
    ['named', named ? [resolved(named, env)].filter((found) => found !== undefined) : []],
    ['active', activeOnes(env)],
    ['own', ownOne(env)],
    ['workspace', inFolders.flatMap(inEnvironment)],
    ['told', others.flatMap((file) => (isFile(file) ? [file] : inEnvironment(file)))],
    ['path', onPath(['python3', 'python', 'py'], env)],
    ['pyenv', ofPyenv(env)],
  ];
  const seen = new Map<string, Interpreter>();
  for (const [origin, paths] of all) {
    for (const found of paths) if (!seen.has(found)) seen.set(found, { path: found, origin });
  }
  return [...seen.values()];
}

/** The folder of the environment that GRAIN makes. */
export function ownEnvironment(env: NodeJS.ProcessEnv = process.env): string {
  return path.join(storageFolder(env), 'python');
}

/** The interpreter of an environment's folder: one, or none if it is not an environment. */
export function inEnvironment(folder: string): string[] {
  const places =
    process.platform === 'win32'
      ? [['Scripts', 'python.exe'], ['python.exe']]
      : [['bin', 'python']];
  return places
    .map((place) => path.join(folder, ...place))
    .filter(isFile)
    .slice(0, 1);
}

/** Of the first of the programs with these names that is on the PATH, its path; then of the others. */
export function onPath(names: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd'] : [''];
  const folders = (env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '');
  return names.flatMap((name) =>
    folders
      .flatMap((folder) => endings.map((ending) => path.join(folder, name + ending)))
      .filter(isFile)
      .slice(0, 1),
  );
}

function activeOnes(env: NodeJS.ProcessEnv): string[] {
  return [env.VIRTUAL_ENV, env.CONDA_PREFIX].flatMap((folder) =>
    folder ? inEnvironment(folder) : [],
  );
}

function ownOne(env: NodeJS.ProcessEnv): string[] {
  return inEnvironment(ownEnvironment(env));
}

function ofPyenv(env: NodeJS.ProcessEnv): string[] {
  const versions = path.join(env.PYENV_ROOT ?? path.join(homedir(), '.pyenv'), 'versions');
  try {
    return readdirSync(versions)
      .sort()
      .flatMap((version) => inEnvironment(path.join(versions, version)));
  } catch {
    return [];
  }
}

function namedInterpreter(named: string, env: NodeJS.ProcessEnv): string {
  const found = resolved(named, env);
  if (found !== undefined) return found;
  throw new NoInterpreterError(
    `${VARIABLE} names ${named}, which does not exist`,
    `set ${VARIABLE} to the path of a Python with PyTorch`,
  );
}

function resolved(named: string, env: NodeJS.ProcessEnv): string | undefined {
  const found =
    named.includes(path.sep) || path.isAbsolute(named) ? named : onPath([named], env)[0];
  return found !== undefined && isFile(found) ? found : undefined;
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}
