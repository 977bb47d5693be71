import { stat } from 'node:fs/promises';
import { hasCode } from '../config/errors.ts';

/** In bytes; 0 if there is no such file. */
export async function fileSize(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0;
    throw error;
  }
}
