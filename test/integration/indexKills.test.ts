import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killWhileIndexing } from '../faults/indexKills.ts';

test('kill -9 while a log is indexed loses no acknowledged step, and nothing of its index is wrong', async () => {
  const { killed, behind } = await killWhileIndexing(8, 1);
  assert.equal(killed, 8);
  assert.ok(behind > 0, 'no kill came before the index was written');
});
