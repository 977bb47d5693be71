import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launchResultSchema } from '../../src/experiment/launchResult.ts';
import { tinyTexts, writeTinyBert } from '../unit/training/tinyCheckpoint.ts';
import { grain } from './grain.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-memory-'));
const TOKENS = 128;
/** MiB: too few for a batch of 64 without checkpointing, and enough for anything here. */
const [LITTLE, ENOUGH] = [80, 1024];

before(async () => {
  await writeTinyBert(path.join(folder, 'bert'), { width: 64, layers: 4, positions: TOKENS });
  const lengths = Array.from({ length: 96 }, (_, i) => TOKENS - (i % 8));
  writeFileSync(path.join(folder, 'texts.tsv'), tinyTexts(lengths));
});
after(() => rmSync(folder, { recursive: true }));

const COMMON =
  'model: { from: ./bert }\ndata: { train: texts.tsv, validation: texts.tsv, text: text, target: answer }\naggregate: [grain]\nseeds: [0]\nsteps: 1\ndevice: wasm\n';

function write(name: string, settings: string): void {
  writeFileSync(path.join(folder, name), `${COMMON}${settings}\n`);
}

async function run(args: readonly string[], mebibytes: number) {
  const { status, stdout, stderr } = await grain(['run', ...args, '--json'], folder, {
    GRAIN_MEMORY: String(mebibytes),
  });
  const report = launchResultSchema.parse(JSON.parse(stdout));
  assert.ok('runs' in report);
  return { status, stderr, report };
}

test('a batch that does not fit ends the run with a size that fits, and a run of that size passes', async () => {
  write('grain.yaml', 'batchSize: 64');
  const { status, report } = await run(['grain.yaml'], LITTLE);
  assert.equal(status, 1);
  const { failure, folder: ofRun, id } = report.runs[0]!;
  assert.deepEqual([failure?.code, failure?.remedy], ['outOfMemory', 'checkpointing']);
  assert.match(
    failure!.message,
    /^Out of memory at step 1 \(batch of 64 × 128 tokens, 8 groups\): .* MiB .* \(limit: 80 MiB\)$/,
  );
  const [, size] = /^A batch of (\d+) fits\. /.exec(failure!.advice!)!;
  assert.ok(Number(size) >= 8 && Number(size) < 64, size);

  const { last } = JSON.parse(readFileSync(path.join(ofRun, 'checkpoints/index.json'), 'utf8'));
  assert.equal(last, 'step-000000');
  assert.ok(existsSync(path.join(ofRun, 'checkpoints', last, 'model.safetensors')));

  write('smaller.yaml', `batchSize: ${size}`);
  assert.equal((await run(['smaller.yaml'], LITTLE)).status, 0);

  const saving = await run(['--resume', id, '--checkpointing'], LITTLE);
  assert.deepEqual([saving.status, saving.report.runs[0]!.step], [0, 1]);
  const again = await run(['grain.yaml'], ENOUGH);
  const { metrics } = again.report.runs[0]!;
  assert.deepEqual(saving.report.runs[0]!.metrics, metrics, 'as if it had fit');
});

test('a run that ran out of memory resumes only once there is more', async () => {
  write('grain.yaml', 'batchSize: 64');
  const { id } = (await run(['grain.yaml'], LITTLE)).report.runs[0]!;
  const sooner = (await run(['--resume', id], LITTLE)).report.runs[0]!;
  assert.deepEqual([sooner.status, sooner.step], ['failed', 0]);
  const later = (await run(['--resume', id], ENOUGH)).report.runs[0]!;
  assert.deepEqual([later.status, later.step], ['finished', 1]);
});

test('a model that does not fit is a mistake in the config, and nothing is written', async () => {
  const there = mkdtempSync(path.join(folder, 'large-'));
  await writeTinyBert(path.join(there, 'bert'), { width: 512, layers: 4 });
  writeFileSync(path.join(there, 'texts.tsv'), tinyTexts(new Array(8).fill(3)));
  writeFileSync(path.join(there, 'grain.yaml'), `${COMMON}batchSize: 8\n`);
  const { status, stderr } = await grain(['run', 'grain.yaml'], there, { GRAIN_MEMORY: '32' });
  assert.equal(status, 2);
  assert.match(stderr, /^grain\.yaml:1:8: the parameters do not fit into memory: .* MiB/m);
  assert.match(stderr, /a smaller model, or a higher GRAIN_MEMORY, up to 4096 MiB\.$/m);
  assert.equal(existsSync(path.join(there, '.grain')), false);
});

test('an invalid limit is a mistake', async () => {
  write('grain.yaml', 'batchSize: 8');
  for (const limit of ['lots', '8', '5000']) {
    const { status, stderr } = await grain(['run', 'grain.yaml'], folder, { GRAIN_MEMORY: limit });
    assert.equal(status, 2);
    assert.match(stderr, /GRAIN_MEMORY is ".*"; expected a whole number of MiB, 32 to 4096/);
  }
});
