import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { parseConfig } from '../../../src/config/parse.ts';
import { loadTabularData } from '../../../src/data/loadTabular.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-parts-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Loads rows whose only feature is their number; the target is `a` for the first half of them. */
async function load(rows: readonly string[], data: string) {
  const train = path.join(folder, 'all.csv');
  writeFileSync(train, `x,y\n${rows.join('\n')}\n`);
  const text = `data: { train: all.csv, target: y, ${data} }`;
  const parsed = parseConfig(text, path.join(folder, 'grain.yaml'));
  return loadTabularData(parsed, { train: [train], validation: [train] }, () => {});
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${i},${i < count / 2 ? 'a' : 'b'}`);
}

test('a split gives every row to one part, and draws from all of a sorted file', async () => {
  const { train, validation, fingerprints } = await load(
    numbered(1000),
    'validation: { share: 0.2 }',
  );
  assert.equal(validation.count, 200);
  const all = [...train.features, ...validation.features].sort((a, b) => a - b);
  assert.deepEqual(all, [...all.keys()]);
  const ofA = validation.targets.filter((target) => target === 0).length;
  assert.equal(ofA, 100);
  assert.notEqual(fingerprints.train, fingerprints.validation);
});

test('the seed decides which rows, and nothing else does', async () => {
  const drawn = async (split: string) =>
    (await load(numbered(100), `validation: ${split}`)).validation.features.join();
  const first = await drawn('{ share: 0.1 }');
  assert.equal(await drawn('{ share: 0.1, seed: 0 }'), first);
  assert.notEqual(await drawn('{ share: 0.1, seed: 1 }'), first);
});

test('any share of any number of rows is a partition of nearly that share', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 20, max: 200 }),
      fc.double({ min: 0.1, max: 0.5, noNaN: true }),
      fc.nat(100),
      async (count, share, seed) => {
        const split = `validation: { share: ${share}, seed: ${seed} }`;
        const { train, validation } = await load(numbered(count), split);
        assert.equal(train.count + validation.count, count);
        assert.ok(Math.abs(validation.count - share * count) <= 1);
      },
    ),
    { numRuns: 25 },
  );
});

test('too few rows for a validation example are an error at the share', async () => {
  await assert.rejects(load(['0,a', '1,b'], 'validation: { share: 0.01 }'), {
    message:
      /:1:\d+: a share of 0.01 leaves none of 2 rows for validation\. Expected a larger share/,
  });
});

test('incomplete rows are refused, or dropped with their count', async () => {
  const rows = [...numbered(40), ',a', 'NaN,b', '3,'];
  await assert.rejects(load(rows, 'validation: { share: 0.2 }'), /Expected/);
  const dropping = 'validation: { share: 0.2 }, dropIncomplete: true';
  const { train, validation, notices } = await load(rows, dropping);
  assert.equal(train.count + validation.count, 40);
  const counts = notices.map(({ message }) =>
    Number(/^(\d+) rows? w\w+ dropped/.exec(message)?.[1]),
  );
  assert.equal(
    counts.filter(Number.isFinite).reduce((sum, count) => sum + count, 0),
    3,
  );
});
