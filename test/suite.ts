/** What all test files of one `node --test --test-global-setup` share: a cache of compiled modules, one Python, and the packed extension. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hasPython, startServer } from './python/python.ts';

let endServer: (() => Promise<void>) | undefined;
/** Where the first test file that needs the .vsix leaves it for the others. */
const packed = mkdtempSync(path.join(tmpdir(), 'grain-packed-'));

export async function globalSetup(): Promise<void> {
  process.env.NODE_COMPILE_CACHE ??= path.resolve(import.meta.dirname, '../.cache/compiled');
  // A test trains on what it names: what `auto` chooses must not depend on the Python of this machine.
  process.env.GRAIN_PYTHON = 'none';
  process.env.GRAIN_PACKED = packed;
  // Without a Python, the tests that need it say so; the others pass.
  if (hasPython()) endServer = await startServer();
}

export async function globalTeardown(): Promise<void> {
  await endServer?.();
  rmSync(packed, { recursive: true, force: true });
}
