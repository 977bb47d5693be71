import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { mean } from 'simple-statistics';
import { runFile } from '../../src/runs/grainFolder.ts';
import { RunStore } from '../../src/runs/store.ts';
import { grain } from './grain.ts';

const config = (seeds: string) => `
task: regression
data: { train: line.csv, validation: line.csv, target: y }
model: { hidden: [] }
optimizer: { name: sgd, learningRate: 0.2 }
groups: { count: 2 }
batchSize: 4
steps: 6
aggregate: [mean, { name: mean, techniques: { ema: { decay: 0.5 } } }]
seeds: ${seeds}
device: cpu`;

let root: string;
before(() => {
  root = mkdtempSync(path.join(tmpdir(), 'grain-soup-'));
  const rows = Array.from(
    { length: 16 },
    (_, i) => `${i / 8 - 1},${(i % 5) / 5},${(i % 3) - i / 8}`,
  );
  writeFileSync(path.join(root, 'line.csv'), ['x,z,y', ...rows].join('\n'));
});
after(() => rmSync(root, { recursive: true }));

test('a soup of linear models predicts the mean of their predictions, as an ensemble does, and Model Stock lies beyond', async () => {
  writeFileSync(path.join(root, 'grain.yaml'), config('{ init: 1, order: 3 }'));
  const trained = await grain(['run', 'grain.yaml'], root);
  assert.equal(trained.status, 0, trained.stderr);
  const { status, stdout, stderr } = await grain(['soup', 'grain.yaml', '--json'], root);
  assert.equal(status, 0, stderr);
  const { soups } = JSON.parse(stdout);
  assert.deepEqual(soups.map(({ method }: { method: string }) => method).sort(), [
    'mean',
    'mean ema decay=0.5',
  ]);
  const runs = await new RunStore(root).list();
  for (const soup of soups) {
    assert.equal(soup.runs.length, 3);
    const own = runs.filter(({ manifest }) => soup.runs.includes(manifest.id));
    const predictions = own.map(({ folder }) =>
      readFileSync(runFile(folder, 'predictions'), 'utf8')
        .trim()
        .split('\n')
        .map((line): { target: number; prediction: number } => JSON.parse(line)),
    );
    const errors = predictions[0]!.map(
      ({ target }, i) => mean(predictions.map((of) => of[i]!.prediction)) - target,
    );
    const squared = mean(errors.map((error) => error ** 2));
    const expected = soup.metric === 'rmse' ? Math.sqrt(squared) : squared;
    for (const value of [soup.weights.soup, soup.ensemble]) {
      assert.ok(Math.abs(value / expected - 1) < 1e-5, `${soup.metric} ${value} ${expected}`);
    }
    const values = own.map(({ lastMetric }) => lastMetric!.value);
    assert.ok(Math.abs(soup.seeds.mean - mean(values)) < 1e-9);
    // It is nearer to the start than the soup.
    const { stock } = soup.weights;
    assert.ok(Number.isFinite(stock) && stock !== soup.weights.soup);
  }
  // They are in the report as long as all of their runs are.
  const report = await grain(['report', 'grain.yaml', '--json'], root);
  assert.deepEqual(JSON.parse(report.stdout).soups, soups);
  const markdown = await grain(['report', 'grain.yaml'], root);
  assert.match(
    markdown.stdout,
    /## One model from several runs\n[^#]*\| mean +\| rmse +\| +0 \| +3 \|/,
  );
  const some = await grain(['report', ...soups[0].runs.slice(0, 2), '--json'], root);
  assert.deepEqual(JSON.parse(some.stdout).soups, []);
});

test('runs that began differently make an ensemble only, and a single one nothing', async () => {
  writeFileSync(path.join(root, 'other.grain.yaml'), config('[0, 1]'));
  await grain(['run', 'other.grain.yaml'], root);
  const { status, stdout, stderr } = await grain(['soup', 'other.grain.yaml'], root);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^mean +all +2 +rmse .* – +– +\d/m);
  assert.match(stdout, /soup and stock need runs with the same initialization/);
  writeFileSync(path.join(root, 'single.grain.yaml'), config('[0]'));
  await grain(['run', 'single.grain.yaml'], root);
  const single = await grain(['soup', 'single.grain.yaml'], root);
  assert.equal(single.status, 2, single.stderr);
  assert.match(single.stderr, /no method has two runs that finished/);
});
