/** What all test files of one `node --test --test-global-setup` share: a cache of compiled modules, the packed extension, one Python. */
import path from 'node:path';
import { assertBuilt } from './built.ts';
import { packBuilt } from './e2e/vsix.ts';
import { hasPython, startServer } from './python/python.ts';

let endServer: (() => Promise<void>) | undefined;

export async function globalSetup(): Promise<void> {
  process.env.NODE_COMPILE_CACHE ??= path.resolve(import.meta.dirname, '../.cache/compiled');
  // A test trains on what it names: what `auto` chooses must not depend on the Python of this machine.
  process.env.GRAIN_PYTHON = 'none';
  const runs = (suite: string) => process.argv.some((file) => file.includes(suite));
  if (runs('integration') || runs('e2e')) assertBuilt();
  if (runs('e2e')) await packBuilt();
  // Without a Python, the tests that need it say so; the others pass.
  if (hasPython()) endServer = await startServer();
}

export async function globalTeardown(): Promise<void> {
  await endServer?.();
}
