import { closeSync, constants, openSync, writeSync } from 'node:fs';

/**
 * Writes bytes at a place in a file, which is created, and leaves what is before and behind them.
 * @throws as `openSync` and `writeSync` do, and if the disk takes only a part
 */
export function writeAt(path: string, bytes: Buffer, at: number): void {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT);
  try {
    const written = writeSync(file, bytes, 0, bytes.length, at);
    if (written === bytes.length) return;
    const message = `only ${written} of ${bytes.length} bytes of an index could be written`;
    throw Object.assign(new Error(message), { code: 'ENOSPC' });
  } finally {
    closeSync(file);
  }
}
