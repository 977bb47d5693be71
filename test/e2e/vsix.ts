/** The extension as users get it: packed, and installed from its file. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const repository = path.resolve(import.meta.dirname, '../..');

/** Packs what was built, for `vsix` in the processes of test files, which are started later. */
export async function packBuilt(): Promise<void> {
  process.env.GRAIN_VSIX = await pack(repository);
}

/** @returns the path of the .vsix, packed here if the suite has not packed one */
export async function vsix(): Promise<string> {
  if (process.env.GRAIN_VSIX === undefined) await packBuilt();
  return process.env.GRAIN_VSIX!;
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
