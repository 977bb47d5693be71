import { readFile } from 'node:fs/promises';
import { CheckpointError } from './checkpointError.ts';

/** @throws CheckpointError naming the file if it is missing or not JSON */
export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new CheckpointError(`${file} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
