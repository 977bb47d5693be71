import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { stringify } from 'yaml';
import { parseConfig } from '../../src/config/parse.ts';
import { readEvents } from '../../src/runs/tail.ts';
import { exampleFolder, localConfig, type TextExample } from '../examples.ts';
import { interpreter } from '../python/python.ts';
import { missingData } from '../realData.ts';
import { grain } from './grain.ts';

test('every config of the examples is valid, and none is warned of', () => {
  const configs = readdirSync(exampleFolder(''), { recursive: true, encoding: 'utf8' })
    .filter((file) => /(^|[/.])grain\.yaml$/.test(file))
    .map((file) => path.join(exampleFolder(''), file));
  assert.ok(configs.length >= 5, configs.join(', '));
  for (const file of configs) {
    assert.deepEqual(parseConfig(readFileSync(file, 'utf8'), file).warnings, [], file);
  }
});

/** A step or two of each on real data, from the checkpoint that a Python package carries. */
describe('examples that fine-tune transformers', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-examples-'));
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const skip = missingData() ?? false;
  // Loud: a runner may keep the reasons of skipped tests to itself.
  if (skip) console.error(skip);

  const few = { steps: 2, evaluateEvery: 2, checkpointEvery: 2, evaluateExamples: 16 };
  const one = { steps: 1, evaluateEvery: 1, checkpointEvery: 1, batchSize: 8, evaluateExamples: 2 };
  const short = { maxLength: 64, maxNewTokens: 4 };
  const examples: readonly {
    readonly name: TextExample;
    readonly changes: { readonly steps: number };
    readonly data?: Readonly<Record<string, unknown>>;
    readonly metrics: readonly string[];
  }[] = [
    { name: 'rte', changes: few, metrics: ['loss', 'accuracy', 'macroF1', 'f1', 'mcc'] },
    { name: 'stsb', changes: few, metrics: ['loss', 'rmse', 'mae', 'pearson', 'spearman'] },
    { name: 'gsm8k', changes: one, data: short, metrics: ['loss', 'perplexity', 'exactMatch'] },
  ];
  const runs = examples.flatMap((example) =>
    ['wasm', 'torch'].map((device) => ({ ...example, device })),
  );
  for (const { name, changes, data, metrics, device } of runs) {
    test(`${name} on ${device}`, { skip }, async () => {
      const here = path.join(folder, `${name}-${device}`);
      const own = { ...changes, aggregate: ['grain'], seeds: [0], device };
      const config = await localConfig(name, own, data);
      writeFileSync(path.join(folder, `${name}.grain.yaml`), stringify(config));
      const command = ['run', `${name}.grain.yaml`, '--out', here];
      const env = { GRAIN_PYTHON: device === 'torch' ? interpreter() : 'none' };
      const { status, stderr } = await grain(command, folder, env);
      assert.equal(status, 0, stderr);

      const runs = path.join(here, '.grain/runs');
      const [run, ...others] = readdirSync(runs);
      assert.deepEqual(others, []);
      const events = await readEvents(path.join(runs, run!));
      const steps = events.filter((event) => event.kind === 'step');
      assert.equal(steps.length, changes.steps);
      for (const { losses, weights } of steps) {
        assert.equal(losses.length, 8);
        assert.ok(losses.every(Number.isFinite), `${losses}`);
        assert.equal(weights!.length, 8);
        assert.ok(
          weights!.every((weight) => weight >= 0),
          `${weights}`,
        );
        assert.ok(Math.abs(weights!.reduce((sum, weight) => sum + weight) - 1) < 1e-9);
      }
      const validation = events.findLast((event) => event.kind === 'validation')!;
      assert.equal(validation.step, changes.steps);
      assert.deepEqual(Object.keys(validation.metrics), metrics);
      assert.ok(Number.isFinite(validation.metrics.loss), `${validation.metrics.loss}`);
    });
  }
});
