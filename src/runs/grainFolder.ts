import { existsSync } from 'node:fs';
import path from 'node:path';
import { RunStore } from './store.ts';

/** The runs of a folder that holds `.grain`; by default the nearest one, from the working directory upwards. */
export function storeIn(root: string | undefined): RunStore {
  return new RunStore(path.join(root ?? nearestRoot(process.cwd()), '.grain', 'runs'));
}

/** The folder itself if none of those above it holds `.grain` either. */
export function nearestRoot(folder: string): string {
  for (let at = folder; ; at = path.dirname(at)) {
    if (existsSync(path.join(at, '.grain'))) return at;
    if (at === path.dirname(at)) return folder;
  }
}
