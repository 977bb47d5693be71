import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { filesOfCheckpoint } from '../../../src/hub/download/requestedFiles.ts';
import { modelFiles } from '../../../src/nn/small/files.ts';
import { inputFingerprints } from '../../../src/training/fingerprints.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-fingerprints-'));
after(() => rmSync(folder, { recursive: true }));

const data = { fingerprints: { train: 'one', validation: 'two' } };
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

async function modelFingerprint(
  files: (folder: string) => Promise<readonly string[]>,
): Promise<string> {
  const model = { folder, files: () => files(folder) };
  const { model: fingerprint, ...others } = await inputFingerprints({ data, model });
  assert.deepEqual(others, data.fingerprints);
  return fingerprint!;
}

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
}

test('a layers model is model.json and the weight files it names, by name', async () => {
  const json = JSON.stringify({
    modelTopology: {},
    weightsManifest: [{ paths: ['b.bin', 'a.bin'], weights: [] }],
  });
  write({ 'model.json': json, 'a.bin': 'A', 'b.bin': 'B', 'optimizer.bin': 'other' });
  assert.equal(await modelFingerprint(modelFiles), sha256(`AB${json}`));
});

test('a checkpoint is config, tokenizer and weights, whole or in shards', async () => {
  const weight_map = { x: 's2.safetensors', y: 's1.safetensors', z: 's2.safetensors' };
  write({
    'config.json': 'C',
    'tokenizer.json': 'T',
    'model.safetensors.index.json': JSON.stringify({ weight_map }),
    's1.safetensors': '1',
    's2.safetensors': '2',
    'README.md': 'other',
  });
  const predicts = () => filesOfCheckpoint(folder, { generates: false });
  const writes = () => filesOfCheckpoint(folder, { generates: true });
  assert.equal(await modelFingerprint(predicts), sha256('C12T'));
  write({ 'model.safetensors': 'W' });
  assert.equal(await modelFingerprint(predicts), sha256('CWT'));
  // By name, whatever is listed first.
  write({ 'generation_config.json': 'G', 'tokenizer_config.json': 'K' });
  assert.equal(await modelFingerprint(predicts), sha256('CWTK'));
  assert.equal(await modelFingerprint(writes), sha256('CGWTK'));
  // Files of older versions that change token ids.
  write({ 'special_tokens_map.json': 'S', 'added_tokens.json': 'A' });
  assert.equal(await modelFingerprint(predicts), sha256('ACWSTK'));
});

test('without a saved model there is no model fingerprint', async () => {
  assert.deepEqual(await inputFingerprints({ data, model: null }), data.fingerprints);
});
