import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { sourcedPairs } from '../../../../src/experiment/claims/sourcedPairs.ts';

let folder: string;
let features: string;
before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'grain-sourced-pairs-'));
  features = path.join(folder, 'train.csv');
  const rows = Array.from({ length: 40 }, (_, i) => `${i},${i / 10},${i / 8}`);
  // As Python's csv writes it.
  writeFileSync(features, `${['f0,f1,score', ...rows].join('\r\n')}\r\n`);
});
after(() => rmSync(folder, { recursive: true }));

function rowsOf(isMislabelled: boolean): string[][] {
  const file = sourcedPairs(features, { folder: path.join(folder, 'made'), isMislabelled });
  const [header, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  assert.equal(header, 'f0,f1,score,source');
  return lines.map((line) => line.split(','));
}

test('every source has a quarter of the pairs, which are otherwise as they were', () => {
  const rows = rowsOf(false);
  for (const source of ['north', 'east', 'south', 'west']) {
    assert.equal(rows.filter((row) => row.at(-1) === source).length, 10);
  }
  const before = readFileSync(features, 'utf8').trim().split('\r\n').slice(1);
  assert.deepEqual(
    rows.map((row) => row.slice(0, -1).join(',')),
    before,
  );
});

test('a mislabelled source has the scores of its own pairs in another order, the others have theirs', () => {
  const [clean, wrong] = [rowsOf(false), rowsOf(true)];
  const changed = wrong.filter((row, i) => row[2] !== clean[i]![2]);
  assert.ok(changed.length >= 7, `${changed.length} of 10`);
  assert.deepEqual(new Set(changed.map((row) => row[3])), new Set(['west']));
  const scores = (rows: string[][]) => rows.map((row) => row[2]).sort();
  assert.deepEqual(scores(wrong), scores(clean));
  for (const [i, row] of wrong.entries())
    assert.deepEqual(row.toSpliced(2, 1), clean[i]!.toSpliced(2, 1));
});
