import { createRequire } from 'node:module';
import path from 'node:path';
import { BackendUnavailable } from './backend.ts';

/**
 * Where an optional package is, for this program or else for the folder it is run in (a person's own `npm install`): loading it
 * then runs code of that folder.
 * @throws RungUnavailable when it is in neither.
 */
export function resolveOptional(name: string): string {
  for (const base of [import.meta.url, path.join(process.cwd(), 'package.json')]) {
    try {
      return createRequire(base).resolve(name);
    } catch {
      // Not here: the next place is asked, and the throw below says it was in none.
    }
  }
  throw new BackendUnavailable(`${name} is not installed`, `npm install ${name}`);
}

/** Loads a CommonJS package whose native part may fail to load. @throws RungUnavailable with the first line of why. */
export function requireOptional(name: string, remedy: string): void {
  const file = resolveOptional(name);
  try {
    createRequire(file)(file);
  } catch (error) {
    throw new BackendUnavailable(`${name} could not be loaded: ${firstLine(error)}`, remedy);
  }
}

export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!.trim();
}
