/** What all test files of one `node --test --test-global-setup` share: a cache of compiled modules, and one Python. */
import path from 'node:path';
import { hasPython, startServer } from './python/python.ts';

let endServer: (() => Promise<void>) | undefined;

export async function globalSetup(): Promise<void> {
  process.env.NODE_COMPILE_CACHE ??= path.resolve(import.meta.dirname, '../.cache/compiled');
  // Without a Python, the tests that need it say so; the others pass.
  if (hasPython()) endServer = await startServer();
}

export async function globalTeardown(): Promise<void> {
  await endServer?.();
}
