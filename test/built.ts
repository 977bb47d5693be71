/** What `npm run build` made: tests of whole processes run what users run, not the sources. */
import { globSync, statSync } from 'node:fs';
import path from 'node:path';

const repository = path.resolve(import.meta.dirname, '..');

/** The script of `grain`. */
export const grainScript = path.join(repository, 'dist/grain.js');

/** @throws Error if there is no build, or if it is of other sources than those that are here */
export function assertBuilt(): void {
  const built = statSync(grainScript, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const newer = globSync('{src,webview,python/grain_*}/**/*.{ts,css,py}', { cwd: repository }).find(
    (file) => statSync(path.join(repository, file)).mtimeMs > built,
  );
  if (newer) throw new Error(`dist is older than ${newer}: run \`npm run build\``);
}
