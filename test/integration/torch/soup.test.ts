import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { parseConfig } from '../../../src/config/parse.ts';
import { launchParsed } from '../../../src/experiment/launch.ts';
import { soupsOf } from '../../../src/experiment/soups/soups.ts';
import { trainLaunch } from '../../../src/experiment/trainRuns.ts';
import { RunStore } from '../../../src/runs/store.ts';
import { tiny } from '../../python/checkpoints.ts';
import { interpreter } from '../../python/python.ts';

const TEXTS = ['a cat sleeps', 'a dog runs home', 'the old horse eats', 'a bird looks at the sea'];

let folder: string;
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'grain-torch-soup-'));
  process.env.GRAIN_PYTHON = interpreter();
  // Threads that wait for each other take the time of a busy machine.
  process.env.OMP_NUM_THREADS = '1';
  await tiny('encoder', path.join(folder, 'encoder'), TEXTS);
  const rows = Array.from({ length: 12 }, (_, i) => `${TEXTS[i % 4]}\t${(i % 5) - 2}`);
  writeFileSync(path.join(folder, 'texts.tsv'), ['text\tscore', ...rows].join('\n'));
});
after(() => rmSync(folder, { recursive: true }));

const config = (device: string) => `
task: regression
model: { from: ./encoder, dropout: 0 }
data: { train: texts.tsv, validation: texts.tsv, text: text, target: score }
groups: { count: 2 }
batchSize: 4
steps: 6
optimizer: { learningRate: 0.01 }
aggregate: [mean]
seeds: { init: 1, order: 2 }
device: ${device}`;

test('soups of runs on PyTorch are what the same checkpoints come to on wasm', async () => {
  const file = path.join(folder, 'grain.yaml');
  writeFileSync(file, config('torch'));
  const parsed = (device: string) => parseConfig(config(device), file);
  const launch = await launchParsed(parsed('torch'), folder, () => {});
  const ends = await trainLaunch(launch, { onEvent: () => {}, isInterrupted: () => false });
  assert.deepEqual(
    ends.map(({ status }) => status),
    ['finished', 'finished'],
  );
  const runs = await new RunStore(folder).list();
  const [torch] = await soupsOf(runs, parsed('torch'));
  const [wasm] = await soupsOf(runs, parsed('wasm'));
  const { soup, stock } = torch!.weights!;
  for (const [one, other] of [
    [soup, wasm!.weights!.soup],
    [stock, wasm!.weights!.stock],
  ]) {
    assert.ok(Math.abs(one! / other! - 1) < 1e-4, `${one} ${other}`);
  }
  const values = runs.map(({ lastMetric }) => lastMetric!.value);
  for (const value of values) {
    assert.ok(
      Math.abs(soup! / value - 1) > 1e-3,
      `the soup equals one of its runs: ${soup} ${value}`,
    );
  }
  assert.notEqual(stock, soup);
});
