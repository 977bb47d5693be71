import { existsSync } from 'node:fs';
import path from 'node:path';
import { Option } from 'commander';
import { RunStore } from '../runs/store.ts';

/** Of commands that look at runs. */
export function rootOption(): Option {
  return new Option(
    '--root <folder>',
    'folder that holds .grain (default: the nearest one, from here upwards)',
  );
}

/** The runs of a folder that holds `.grain`. */
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
