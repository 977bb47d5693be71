/** `checkpoints/index.json`: which checkpoints of a run there are. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { hasCode } from '../config/errors.ts';
import { CheckpointError, readJson, validate } from '../hub/checkpointFile.ts';
import type { FencedChanges } from './fencedChanges.ts';

const FOLDER = /^step-(\d+)(-\d+)?$/;
const folderName = z.string().regex(FOLDER, 'expected the name of a checkpoint');

/** Names of folders beside the index. */
const checkpointIndex = z.object({
  last: folderName,
  best: folderName.nullable(),
  /** Retained checkpoints of earlier steps, newest first. */
  earlier: z.array(folderName),
});

export type CheckpointIndex = Readonly<z.infer<typeof checkpointIndex>>;

const INDEX_FILE = 'index.json';

/** Null if there is no index. @throws CheckpointError if it is damaged */
export async function readIndex(folder: string): Promise<CheckpointIndex | null> {
  const file = path.join(folder, INDEX_FILE);
  try {
    return validate(checkpointIndex, file, await readJson(file));
  } catch (error) {
    if (error instanceof Error && hasCode(error.cause, 'ENOENT')) return null;
    throw error;
  }
}

/** Replaces the index atomically. */
export async function writeIndex(changes: FencedChanges, index: CheckpointIndex): Promise<void> {
  await changes.write(INDEX_FILE, JSON.stringify(index));
}

/** The index, or if it is missing or damaged, one of all checkpoints in the folder; null if there are none. */
export async function findCheckpoints(folder: string): Promise<{
  readonly index: CheckpointIndex | null;
  /** What is wrong with the index. */
  readonly damage: string | null;
}> {
  try {
    const index = await readIndex(folder);
    if (index) return { index, damage: null };
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    return { index: await scan(folder), damage: error.message };
  }
  const index = await scan(folder);
  return { index, damage: index && `${path.join(folder, INDEX_FILE)} is missing` };
}

async function scan(folder: string): Promise<CheckpointIndex | null> {
  const [last, ...earlier] = (await namesIn(folder))
    .filter((name) => FOLDER.test(name))
    .sort((a, b) => stepOf(b) - stepOf(a) || b.localeCompare(a, 'en', { numeric: true }));
  // Which one is the best, only the index knows.
  return last === undefined ? null : { last, best: null, earlier };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

export function nameOfStep(step: number): string {
  return `step-${String(step).padStart(6, '0')}`;
}

function stepOf(name: string): number {
  return Number(FOLDER.exec(name)![1]);
}
