import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
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

/**
 * What a schema makes of JSON.
 * @param file named in errors
 * @throws CheckpointError naming the first field that is not as the schema wants it
 */
export function parsed<T>(schema: z.ZodType<T>, file: string, json: unknown): T {
  const { success, data, error } = schema.safeParse(json);
  if (success) return data;
  const { path, message } = error.issues[0]!;
  const said = [file, path.join('.'), message].filter((part) => part !== '');
  throw new CheckpointError(said.join(': '));
}
