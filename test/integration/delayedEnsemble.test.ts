import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { readPredictions } from '../../src/runs/predictions.ts';
import { RunStore } from '../../src/runs/store.ts';
import { writeTinyBert } from '../unit/training/tinyCheckpoint.ts';
import { grain } from './grain.ts';

const config = (from: string, rest: string) => `
model: { from: ${from}, dropout: 0 }
data: { train: texts.csv, validation: texts.csv, text: words, target: label }
groups: { count: 2 }
batchSize: 8
aggregate: [grain]
device: cpu
${rest}`;

let root: string;
before(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'grain-delayed-'));
  await writeTinyBert(path.join(root, 'bert'));
  const rows = Array.from({ length: 16 }, (_, i) => `w${i} w${(3 * i) % 20},${'ab'[i % 2]}`);
  writeFileSync(path.join(root, 'texts.csv'), ['words,label', ...rows].join('\n'));
});
after(() => rmSync(root, { recursive: true }));

const run = async (name: string, text: string) => {
  writeFileSync(path.join(root, `${name}.grain.yaml`), text);
  const { status, stderr } = await grain(['run', `${name}.grain.yaml`], root);
  assert.equal(status, 0, stderr);
};

test('a delayed ensemble: copies of a run with noise by their seed, from a checkpoint to the end', async () => {
  await run('first', config('./bert', 'steps: 4\nseeds: [0]'));
  const [first] = await new RunStore(root).list();
  const checkpoint = path.join(first!.folder, 'checkpoints', 'step-000004');
  const copied = `seeds: [0, 1, 2]\nsteps: 1\noptimizer: { learningRate: 1e-9 }`;
  await run('last', config(checkpoint, `${copied}\ntechniques: { noisyTune: { lambda: 0.01 } }`));
  const copies = (await new RunStore(root).list()).filter(
    ({ manifest }) => manifest.id !== first!.manifest.id,
  );
  const probabilityOf = async (folder: string) =>
    (await readPredictions(folder))!.map((of) =>
      'probabilities' in of ? of.probabilities.a! : Number.NaN,
    );
  const start = await probabilityOf(first!.folder);
  const ends = await Promise.all(copies.map(({ folder }) => probabilityOf(folder)));
  assert.equal(ends.length, 3);
  for (const [i, end] of ends.entries()) {
    assert.ok(
      end.every((p, example) => Math.abs(p - start[example]!) < 0.02),
      'they begin with the head of the run, nearby',
    );
    assert.ok(end.some((p, example) => p !== ends[(i + 1) % 3]![example]));
  }
  const { status, stdout, stderr } = await grain(['soup', 'last.grain.yaml', '--json'], root);
  assert.equal(status, 0, stderr);
  const [soup] = JSON.parse(stdout).soups;
  assert.deepEqual([soup.init, soup.weights, soup.runs.length], [null, null, 3]);
  const right = start.filter((_, example) => {
    const together = ends.reduce((sum, end) => sum + end[example]!, 0) / 3;
    return together >= 0.5 === (example % 2 === 0);
  });
  assert.ok(Math.abs(soup.ensemble - right.length / start.length) < 1e-9);
});
