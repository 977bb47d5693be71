import assert from 'node:assert/strict';
import { ConfigError } from '../../../src/config/diagnostic.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { textAt } from './textAt.ts';

/** [what is pointed at, what is wrong] for each mistake. */
export function broken(text: string): [string, string][] {
  try {
    parseConfig(text, 'grain.yaml');
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.ok(error.diagnostics.every(({ expected }) => expected));
    return error.diagnostics.map((it) => [textAt(text, it), it.message]);
  }
}
