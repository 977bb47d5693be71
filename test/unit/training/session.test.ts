import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Threads } from '../../../src/backends/wasm/threads.ts';
import { ConfigError } from '../../../src/config/diagnostic.ts';
import { EngineClient } from '../../../src/engine/client.ts';
import { launchFresh } from '../../../src/experiment/launch.ts';
import { launchResumed, ResumeError } from '../../../src/experiment/resume.ts';
import { closeSession } from '../../../src/training/session.ts';
import { tinyTexts, writeTinyBert } from './tinyCheckpoint.ts';
import { trainerOf } from './trainerOf.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-session-'));
before(async () => {
  await writeTinyBert(path.join(folder, 'bert'));
  writeFileSync(path.join(folder, 'texts.tsv'), tinyTexts([5, 3, 4, 2, 6, 3]));
});
after(() => rmSync(folder, { recursive: true }));

const configWith = (model: string) => `model: { from: ./bert, ${model} }
data: { train: texts.tsv, validation: texts.tsv, text: text, target: answer }
groups: { count: 2 }
batchSize: 4
steps: 3
aggregate: [grain]
seeds: [0]
device: wasm
`;

test('a session whose model cannot be built closes its engine and its device', async (t) => {
  const engine = t.mock.method(EngineClient.prototype, 'close');
  const device = t.mock.method(Threads.prototype, 'close');
  const broken = path.join(folder, 'broken');
  cpSync(path.join(folder, 'bert'), broken, { recursive: true });
  const weights = readFileSync(path.join(broken, 'model.safetensors'));
  writeFileSync(path.join(broken, 'model.safetensors'), weights.fill(0xff, weights.length - 4));
  const config = configWith('').replace('./bert', './broken');
  await assert.rejects(trainerOf(folder, config, 'grain'), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /tensor \S+ contains NaN, first at element/);
    return true;
  });
  assert.deepEqual([engine.mock.callCount(), device.mock.callCount()], [1, 1]);
});

test('a session whose engine cannot be started closes its device', async (t) => {
  const device = t.mock.method(Threads.prototype, 'close');
  const start = t.mock.method(EngineClient, 'start', () => {
    throw new Error('no thread');
  });
  await assert.rejects(trainerOf(folder, configWith(''), 'grain'), /no thread/);
  start.mock.restore();
  assert.equal(device.mock.callCount(), 1);
});

test('a device is closed even if its engine cannot be', async (t) => {
  const device = t.mock.method(Threads.prototype, 'close');
  const { trainer, session } = await trainerOf(folder, configWith(''), 'grain');
  trainer.dispose();
  const close = t.mock.method(EngineClient.prototype, 'close', async () => {
    throw new Error('hangs');
  });
  await assert.rejects(closeSession(session), /hangs/);
  close.mock.restore();
  await session.engine.close();
  assert.equal(device.mock.callCount(), 1);
});

test('a run that cannot be resumed leaves no session open', async (t) => {
  const root = path.join(folder, 'project');
  cpSync(path.join(folder, 'bert'), path.join(root, 'bert'), { recursive: true });
  cpSync(path.join(folder, 'texts.tsv'), path.join(root, 'texts.tsv'));
  const file = path.join(root, 'grain.yaml');
  writeFileSync(file, configWith(''));
  const { trainer, runs, owned } = await launchFresh(file, {}, root, () => {});
  owned.releaseAll();
  await trainer.close();
  writeFileSync(path.join(root, 'texts.tsv'), tinyTexts([5, 3, 4, 2, 6, 4]));

  const engine = t.mock.method(EngineClient.prototype, 'close');
  const device = t.mock.method(Threads.prototype, 'close');
  const { id } = runs[0]!.manifest;
  await assert.rejects(
    launchResumed(id, root, {}, () => {}),
    ResumeError,
  );
  assert.deepEqual([engine.mock.callCount(), device.mock.callCount()], [1, 1]);
});
