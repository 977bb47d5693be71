/** What soups came to, in the folder of the first of their runs: kept, moved and deleted with it. */
import { readFile } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import { hasCode } from '../../config/errors.ts';
import { runFile } from '../../runs/grainFolder.ts';
import type { RunSummary } from '../../runs/store.ts';

/** One model from n runs of a method: it has no spread. A figure is null where the model diverged. */
export const soupSchema = z.object({
  method: z.string(),
  /** The seed of the initialization that the runs share; null: they began differently. */
  init: z.number().nullable(),
  runs: z.array(z.string()),
  metric: z.string(),
  /** Of the runs themselves, at their ends. */
  seeds: z.object({ mean: z.number(), std: z.number(), best: z.number() }),
  /** The mean of their weights, and Model Stock's average; null if they began differently. */
  weights: z.object({ soup: z.number().nullable(), stock: z.number().nullable() }).nullable(),
  /** The mean of their predictions; null if they wrote texts, or have no predictions of the same examples. */
  ensemble: z.number().nullable(),
});

export type Soup = z.infer<typeof soupSchema>;

/** In place of what was recorded before for the same first runs. @param runs of the soups */
export async function recordSoups(
  soups: readonly Soup[],
  runs: readonly RunSummary[],
): Promise<void> {
  for (const { manifest, folder } of runs) {
    const own = soups.filter((soup) => soup.runs[0] === manifest.id);
    if (own.length > 0) await writeFileAtomic(runFile(folder, 'soup'), `${JSON.stringify(own)}\n`);
  }
}

/** Those of which all runs are there; a file that is not as this version writes it is ignored. */
export async function recordedSoups(runs: readonly RunSummary[]): Promise<Soup[]> {
  const ids = new Set(runs.map(({ manifest }) => manifest.id));
  const all = await Promise.all(runs.map(({ folder }) => readSoups(folder)));
  return all.flat().filter((soup) => soup.runs.every((id) => ids.has(id)));
}

async function readSoups(folder: string): Promise<Soup[]> {
  try {
    return z.array(soupSchema).parse(JSON.parse(await readFile(runFile(folder, 'soup'), 'utf8')));
  } catch (error) {
    if (hasCode(error, 'ENOENT') || error instanceof SyntaxError || error instanceof z.ZodError) {
      return [];
    }
    throw error;
  }
}
