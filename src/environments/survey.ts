/** All Pythons that can be found, and what each has. */
import { realpathSync } from 'node:fs';
import { type Inspection, inspect, missingPackages } from './inspection.ts';
import { type Interpreter, interpreters, type Origin, type Search } from './interpreter.ts';

export interface FoundPython extends Interpreter {
  readonly found: Inspection;
}

export interface SilentPython extends Interpreter {
  /** Why it says nothing. */
  readonly problem: string;
}

interface SurveyOptions {
  readonly signal?: AbortSignal;
  /** Whether PyTorch is imported in the first one only, which the device `torch` takes. */
  readonly light?: boolean;
}

/** In the order of {@link interpreters}. Two paths to one executable outside of environments count once. */
export async function survey(
  search: Search,
  { signal, light = false }: SurveyOptions = {},
): Promise<(FoundPython | SilentPython)[]> {
  return Promise.all(
    distinct(interpreters(search)).map(async (one, i) => {
      const found = await inspect(one.path, { ...(signal && { signal }), light: light && i > 0 });
      return 'problem' in found ? { ...one, ...found } : { ...one, found };
    }),
  );
}

export function isFound(python: FoundPython | SilentPython): python is FoundPython {
  return 'found' in python;
}

/** The one that lacks nothing; of several, the first that has a GPU. */
export function readyPython(pythons: readonly FoundPython[]): FoundPython | undefined {
  const ready = pythons.filter(({ found }) => missingPackages(found).length === 0);
  return ready.find(({ found }) => found.accelerator !== null) ?? ready[0];
}

/** For users. */
export const origins: Readonly<Record<Origin, string>> = {
  named: 'chosen',
  active: 'active environment',
  own: 'made by GRAIN',
  workspace: 'in the workspace',
  told: 'known to the Python extension',
  path: 'on the PATH',
  pyenv: 'pyenv',
};

/** An environment's Python is often a link to that which it was made of, but has packages of its own. */
function distinct(all: readonly Interpreter[]): Interpreter[] {
  const outside: readonly Origin[] = ['path', 'pyenv'];
  const seen = new Set<string>();
  return all.filter(({ path, origin }) => {
    const key = outside.includes(origin) ? realpathSync(path) : path;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
