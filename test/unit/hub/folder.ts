import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';

/** A folder of its own for a test file; gone when its tests are over. */
export function testFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-huggingface-'));
  after(() => rmSync(folder, { recursive: true }));
  return folder;
}
