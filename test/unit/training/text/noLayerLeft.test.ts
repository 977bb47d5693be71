import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { ConfigError } from '../../../../src/config/diagnostic.ts';
import { tinyTexts, writeTinyLlama } from '../tinyCheckpoint.ts';
import { trainerOf } from '../trainerOf.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-frozen-'));
before(async () => {
  await writeTinyLlama(path.join(folder, 'llama'));
  writeFileSync(path.join(folder, 'texts.tsv'), tinyTexts([9, 8]));
});
after(() => rmSync(folder, { recursive: true }));

test('adapters for a decoder whose every layer is frozen: the mistake is at `freeze`', async () => {
  const config = `task: generation
model:
  from: ./llama
  adapter: { lora: { targets: [q_proj, gate_proj] } }
  freeze: 1
data: { train: texts.tsv, validation: texts.tsv, text: text, target: answer, maxNewTokens: 4 }
groups: { count: 2 }
batchSize: 2
device: cpu`;
  await assert.rejects(trainerOf(folder, config, 'mean'), (error) => {
    assert.ok(error instanceof ConfigError, String(error));
    const { line, path: key, message, expected } = error.diagnostics[0]!;
    assert.deepEqual([line, key], [5, ['model', 'freeze']]);
    const called = 'no linear layer called q_proj is left for adapters';
    assert.equal(message, `${called}: freeze: 1 takes all there are`);
    assert.equal(expected, 'fewer layers, so that some are left, or no model.adapter');
    return true;
  });
});
