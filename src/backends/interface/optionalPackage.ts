import { createRequire } from 'node:module';
import path from 'node:path';
import { messageOf } from '../../config/errors.ts';
import { storageFolder } from '../../environments/carried.ts';
import { BackendUnavailable } from './backend.ts';

/**
 * Path of an optional package, installed beside this program, in GRAIN's storage or in the working directory (the user's own
 * `npm install`): loading it then runs code from that folder.
 *
 * @param remedy what installs it; absent: npm does
 * @throws BackendUnavailable if it is in none of them
 */
export function resolveOptional(name: string, remedy?: string): string {
  const folders = [storageFolder(), process.cwd()];
  for (const base of [
    import.meta.url,
    ...folders.map((folder) => path.join(folder, 'package.json')),
  ]) {
    try {
      return createRequire(base).resolve(name);
    } catch {
      // Not here: try the next folder; the error below is for both.
    }
  }
  const npm = `npm install --prefix ${JSON.stringify(process.cwd())} ${name}`;
  throw new BackendUnavailable(`${name} is not installed`, remedy ?? npm);
}

/**
 * Loads a CommonJS package whose native addon may fail to load.
 *
 * @throws BackendUnavailable with the first line of the reason
 */
export function requireOptional(name: string, remedy: string): void {
  const file = resolveOptional(name);
  try {
    createRequire(file)(file);
  } catch (error) {
    throw new BackendUnavailable(`${name} could not be loaded: ${firstLine(error)}`, remedy);
  }
}

export function firstLine(error: unknown): string {
  return messageOf(error).split('\n')[0]!.trim();
}
