/** What a person has noted about a run, in a file of its folder: it is copied, moved and deleted with the run. */
import { readFile } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import { hasCode } from '../config/errors.ts';
import type { DeepReadonly } from './deepReadonly.ts';
import { runFile } from './grainFolder.ts';

const notesSchema = z.object({
  /** In place of what it would be called; empty without one. */
  name: z.string().default(''),
  starred: z.boolean().default(false),
  tags: z.array(z.string()).default([]),
  note: z.string().default(''),
});

export type RunNotes = DeepReadonly<z.infer<typeof notesSchema>>;

export const NO_NOTES: RunNotes = { name: '', starred: false, tags: [], note: '' };

/** Those of a run without a file, or whose file is not as this version writes it, are empty. @param folder of the run */
export async function readNotes(folder: string): Promise<RunNotes> {
  try {
    return notesSchema.parse(JSON.parse(await readFile(runFile(folder, 'notes'), 'utf8')));
  } catch (error) {
    if (hasCode(error, 'ENOENT') || error instanceof SyntaxError || error instanceof z.ZodError) {
      return NO_NOTES;
    }
    throw error;
  }
}

/** Changes some of them. @param folder of the run */
export async function writeNotes(folder: string, changes: Partial<RunNotes>): Promise<void> {
  const notes = { ...(await readNotes(folder)), ...changes };
  await writeFileAtomic(runFile(folder, 'notes'), `${JSON.stringify(notes, null, 2)}\n`);
}

/** "flat lr, baseline" → [baseline, flat lr]: separated by commas, each once. */
export function parseTags(text: string): string[] {
  const tags = text.split(',').map((tag) => tag.trim().replace(/^#/, ''));
  return [...new Set(tags.filter(Boolean))].sort();
}
