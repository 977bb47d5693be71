import type { FileHandle } from 'node:fs/promises';

/** What one call of the system may read: fewer bytes than 2³¹. */
const MOST_BYTES = 2 ** 30;

/**
 * Reads as many bytes as there is place for, from a position in the file on.
 * @returns how many came; fewer if the file ends before
 */
export async function fillBytes(
  handle: FileHandle,
  bytes: Uint8Array,
  position: number,
): Promise<number> {
  let done = 0;
  while (done < bytes.length) {
    const length = Math.min(bytes.length - done, MOST_BYTES);
    const { bytesRead } = await handle.read(bytes, done, length, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}
