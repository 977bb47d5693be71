import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hasCode } from './errno.ts';

/** Makes a `.grain` folder that Git passes over, as runs are large and belong to one machine; one that is there is left alone. */
export function makeIgnored(folder: string): void {
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(path.join(folder, '.gitignore'), '*\n', { flag: 'wx' });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
}
