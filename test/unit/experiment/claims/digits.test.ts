import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { writeData } from '../../../../examples/quickstart/prepare.ts';
import { Digits } from '../../../../src/experiment/claims/digits.ts';

let folder: string;
let digits: Digits;
before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'grain-claim-digits-'));
  writeData(path.join(folder, 'carried'));
  digits = new Digits(path.join(folder, 'made'), path.join(folder, 'carried'));
});
after(() => rmSync(folder, { recursive: true }));

function rowsOf(file: string): string[] {
  return readFileSync(file, 'utf8').trim().split('\n').slice(1);
}

function labelsOf(file: string): string[] {
  const [header, ...rows] = readFileSync(file, 'utf8').trim().split('\n');
  const at = header!.split(',').indexOf('label');
  return rows.map((row) => row.split(',')[at]!);
}

function sourcesOf(file: string): string[] {
  return rowsOf(file).map((row) => row.slice(row.lastIndexOf(',') + 1));
}

test('the clean set has every digit equally often, and none of the mislabelled source', () => {
  const labels = labelsOf(digits.train());
  assert.equal(labels.length, 360);
  for (const digit of '0123456789') {
    assert.equal(labels.filter((label) => label === digit).length, 36);
  }
  assert.equal(labelsOf(digits.validation()).length, 400);
});

test('wrong labels: as many evenly as in one source, of which no other has any', () => {
  const clean = labelsOf(digits.train({ isSourced: true }));
  const changedIn = (noise: 'even' | 'source') => {
    const file = digits.train({ noise, isSourced: true });
    const sources = sourcesOf(file);
    return labelsOf(file).flatMap((label, i) => (label === clean[i] ? [] : [sources[i]!]));
  };
  const [even, source] = [changedIn('even'), changedIn('source')];
  assert.deepEqual(new Set(source), new Set(['west']));
  assert.deepEqual(new Set(even), new Set(['north', 'east', 'south', 'west']));
  // Of 90 labels drawn anew a tenth is right by chance.
  for (const changed of [even, source]) {
    assert.ok(changed.length > 70 && changed.length <= 90, String(changed.length));
  }
});

test('the unbalanced set has a sixth of the digits 5 to 9', () => {
  const labels = labelsOf(digits.train({ isUnbalanced: true }));
  assert.equal(labels.filter((label) => label < '5').length, 5 * 36);
  assert.equal(labels.filter((label) => label >= '5').length, 5 * 6);
});

test('a twin differs from the set in exactly one example, at its place', () => {
  const own = rowsOf(digits.twin(null));
  for (const replaced of [0, 7, 29]) {
    const twin = rowsOf(digits.twin(replaced));
    const different = twin.flatMap((row, i) => (row === own[i] ? [] : [i]));
    assert.deepEqual(different, [replaced]);
    assert.ok(!own.includes(twin[replaced]!), 'the new example is not in the set already');
  }
});
