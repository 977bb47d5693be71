import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compilePanel } from '../../../scripts/panel.ts';

test("the solver's kernel is compiled from its source; if not: npm run panel", async () => {
  const module = new URL('../../../src/engine/aggregators/panel.ts', import.meta.url);
  assert.ok(readFileSync(module, 'utf8').includes(`'${await compilePanel()}'`));
});
