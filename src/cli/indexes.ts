import { formatPercent } from '../runs/format.ts';
import { RunIndex } from '../runs/index/runIndex.ts';
import type { RunSummary } from '../runs/store.ts';

/** Indexing that takes longer is reported, in milliseconds. */
const SOON_MS = 1_000;

/** Reads a run through its index. One that another trainer wrote is indexed first, and standard error says so if that takes long. */
export async function withIndex<T>(
  run: RunSummary,
  read: (index: RunIndex) => Promise<T>,
): Promise<T> {
  const began = performance.now();
  let shown = '';
  const value = await RunIndex.use(run, read, (done) => {
    const text = `indexing ${run.manifest.id}, ${formatPercent(done)}`;
    if (performance.now() - began < SOON_MS || text === shown) return;
    shown = text;
    if (process.stderr.isTTY) process.stderr.write(`\r${text}`);
  });
  if (shown !== '' && process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  return value;
}
