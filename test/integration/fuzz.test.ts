import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { openDevice } from '../../src/backends/device.ts';
import { compareWithTransformers } from '../fuzz/againstTransformers.ts';
import {
  type FuzzResult,
  fuzzCheckpoints,
  fuzzConfigs,
  fuzzSafetensors,
  fuzzTokenizers,
} from '../fuzz/checkpoints.ts';
import { fuzzData } from '../fuzz/data.ts';
import { fuzzGrainConfigs } from '../fuzz/grainConfigs.ts';
import { fuzzSolve } from '../fuzz/solve.ts';
import { fuzzedFormats } from '../fuzz/tables.ts';

test('grain solve: 5,000 malformed and extreme lines, an answer each and no silent NaN', async () => {
  await fuzzSolve(5000, 1, 120);
});

before(() => openDevice('cpu'));

/** Both outcomes occur: otherwise the damage would be too great or too small to test anything. */
function assertBoth({ cases, refused }: FuzzResult): void {
  assert.ok(refused > cases / 25 && refused < cases - cases / 25, `${refused} of ${cases}`);
}

for (const [what, count, fuzz] of [
  ['tokenizer.json and tokenizer_config.json', 400, fuzzTokenizers],
  ['config.json', 400, fuzzConfigs],
  ['safetensors', 400, fuzzSafetensors],
  ['checkpoints of a run', 150, fuzzCheckpoints],
] as const) {
  test(`${what}: ${count} damaged ones are refused by name or read rightly`, async () => {
    assertBoth(await fuzz(count, 1));
  });
}

test('150 damaged tokenizers that transformers opens too give its tokens', async () => {
  const { equal } = await compareWithTransformers(150, 1);
  assert.ok(equal > 50, `${equal} were opened by both`);
});

for (const format of fuzzedFormats) {
  test(`${format}: 200 damaged files are refused at a place, or read as the peer reads them`, async () => {
    const { read, refused, peerRefused } = await fuzzData(format, 200, 1);
    assert.ok(read > 15 && refused > 15, `${read} read, ${refused} refused`);
    assert.ok(peerRefused <= 4, `${peerRefused} that Arrow refuses`);
  });
}

test('500 damaged configs are refused at places in the file, or mean the same when written out', () => {
  const { valid, refused } = fuzzGrainConfigs(500, 1);
  assert.ok(valid > 25 && refused > 25, `${valid} valid, ${refused} refused`);
});
