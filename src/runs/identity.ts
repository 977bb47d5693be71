import path from 'node:path';
import type { RunSummary } from './store.ts';

/*
 * A project that was copied has the same ids as the original. What identifies a run is its folder, and an experiment the folder of
 * its runs with its id.
 */

export function experimentKey({
  folder,
  manifest,
}: Pick<RunSummary, 'folder' | 'manifest'>): string {
  return path.join(path.dirname(folder), manifest.experiment.id);
}
