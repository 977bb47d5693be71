/** The extension as users get it: packed, and installed from its file. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const repository = path.resolve(import.meta.dirname, '../..');
let packed: Promise<string> | undefined;

/** Packs what was built, once for all test files that run together. @returns the path of the .vsix */
export function vsix(): Promise<string> {
  if (!existsSync(path.join(repository, 'dist/extension.js'))) {
    throw new Error('dist/extension.js is missing: run `npm run build`');
  }
  packed ??= packOnce();
  return packed;
}

/** Two files that begin at the same time may both pack; which of the two is taken does not matter. */
async function packOnce(): Promise<string> {
  const { GRAIN_PACKED: folder } = process.env;
  if (folder === undefined) return pack(repository);
  const shared = path.join(folder, 'grain.vsix');
  if (existsSync(shared)) return shared;
  const own = await pack(repository);
  // Renamed into its place, it is never seen half written; both are in the folder for temporary files.
  renameSync(own, shared);
  return shared;
}

/** Packs any extension. @param source its folder @returns the path of the .vsix, deleted when this process ends */
export async function pack(source: string): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-vsix-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'packed.vsix');
  const vsce = path.join(repository, 'node_modules/@vscode/vsce/vsce');
  const flags = ['--no-dependencies', '--allow-missing-repository', '--no-rewrite-relative-links'];
  await run(process.execPath, [vsce, 'package', ...flags, '--out', file], { cwd: source });
  return file;
}
