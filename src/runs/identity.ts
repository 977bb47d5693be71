import path from 'node:path';
import type { RunManifest } from './manifest.ts';

/*
 * A project that was copied has the same ids as the original. What identifies a run is its folder, and an experiment the folder of
 * its runs with its id.
 */

export function experimentKey({
  folder,
  manifest,
}: {
  readonly folder: string;
  readonly manifest: RunManifest;
}): string {
  return path.join(path.dirname(folder), manifest.experiment.id);
}
