/** All Pythons that can be found, and what each has. */
import { realpathSync } from 'node:fs';
import { type Inspection, type InspectOptions, inspect, missingPackages } from './inspection.ts';
import { type Interpreter, interpreters, type Origin, type Search } from './interpreter.ts';

export interface FoundPython extends Interpreter {
  readonly found: Inspection;
}

export interface SilentPython extends Interpreter {
  /** Why it says nothing. */
  readonly problem: string;
}

type SurveyOptions = Pick<InspectOptions, 'signal'>;

/**
 * In the order of {@link interpreters}. Two paths to one executable outside of environments count once. PyTorch is imported in the
 * first alone, which the device `torch` takes; of the others it is known what they have, not whether it works.
 */
export async function survey(
  search: Search,
  { signal }: SurveyOptions = {},
): Promise<(FoundPython | SilentPython)[]> {
  return Promise.all(
    distinct(interpreters(search)).map((one, i) =>
      ask(one, { ...(signal && { signal }), light: i > 0 }),
    ),
  );
}

/** The same one with PyTorch imported, if it is there. */
export async function imported(
  python: FoundPython,
  { signal }: SurveyOptions = {},
): Promise<FoundPython | SilentPython> {
  return python.found.isImported ? python : ask(python, signal ? { signal } : {});
}

async function ask(
  { path, origin }: Interpreter,
  options: InspectOptions,
): Promise<FoundPython | SilentPython> {
  const found = await inspect(path, options);
  return 'problem' in found ? { path, origin, ...found } : { path, origin, found };
}

export function isFound(python: FoundPython | SilentPython): python is FoundPython {
  return 'found' in python;
}

/** Whether nothing is missing in it. */
export function isReady({ found }: FoundPython): boolean {
  return missingPackages(found).length === 0;
}

/** The ones that lack nothing, those with a GPU first. */
export function readyPythons(pythons: readonly FoundPython[]): FoundPython[] {
  const rank = ({ found }: FoundPython) => Number(found.accelerator === null);
  return pythons.filter(isReady).sort((a, b) => rank(a) - rank(b));
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
