import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { writeData } from '../../examples/quickstart/prepare.ts';
import { VerifyStopped } from '../../src/experiment/claims/trainings.ts';
import { verifiedSchema, verifyClaims } from '../../src/experiment/claims/verify.ts';
import { RunStore } from '../../src/runs/store.ts';
import { grain } from './grain.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'grain-verify-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

test('a claim is measured; after a stop, and again, only what is missing is trained', async () => {
  const digits = path.join(folder, 'carried');
  writeData(digits);
  const out = path.join(folder, 'out');
  const notes: string[] = [];
  const verify = (seeds: number, isInterrupted = () => false) =>
    verifyClaims(
      { out, names: ['cost'], seeds, digits },
      { isInterrupted, note: (text) => notes.push(text) },
      () => {},
    );

  let asked = 0;
  await assert.rejects(
    verify(3, () => ++asked > 120),
    VerifyStopped,
  );
  const kept = (await new RunStore(path.join(out, 'cost/grain+mean')).list()).filter(
    ({ status }) => status === 'finished',
  );
  assert.ok(kept.length >= 1 && kept.length < 6, `${kept.length} of 6 runs`);

  const [measured] = await verify(3);
  assert.deepEqual(verifiedSchema.parse(measured), measured);
  const ids = (await new RunStore(path.join(out, 'cost/grain+mean')).list()).map(
    ({ manifest }) => manifest.id,
  );
  for (const { manifest } of kept) assert.ok(ids.includes(manifest.id));
  const [time] = measured!.measurements;
  assert.ok(time!.value > 0.1 && time!.value < 50, String(time!.value));
  assert.match(measured!.scale, /3 pairs of runs/);

  notes.length = 0;
  assert.deepEqual(await verify(3), [measured]);
  assert.deepEqual(notes, []);
});

test('an unknown claim, too few seeds and data that are missing are refused, with what is expected', async () => {
  const unknown = await grain(['verify', '--claim', 'fame'], folder);
  assert.equal(unknown.status, 2);
  assert.match(unknown.stderr, /unknown claim "fame"\. Expected inner-products, weights, decay/);
  const few = await grain(['verify', '--seeds', '2'], folder);
  assert.equal(few.status, 2);
  assert.match(few.stderr, /whole number from 3 to 100/);
  const nowhere = await grain(['verify', '--data', 'nowhere'], folder);
  assert.equal(nowhere.status, 2);
  assert.match(nowhere.stderr, /--data nowhere is not a folder/);
});
