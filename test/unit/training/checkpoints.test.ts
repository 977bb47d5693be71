import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { openDevice } from '../../../src/backends/device.ts';
import { readArtifacts } from '../../../src/nn/small/files.ts';
import {
  loadCheckpoint,
  NoUsableCheckpoint,
  saveCheckpoint,
} from '../../../src/training/checkpoints.ts';
import { type Trained, trained, trainOn } from './checkpointing.ts';

const bits = ({ model }: Trained) =>
  model.network.getWeights().map((w) => [...new Uint32Array(w.dataSync<'float32'>().buffer)]);

describe('checkpoints', () => {
  let base: string;
  let folder: string;
  let count = 0;
  before(async () => {
    await openDevice('cpu');
    base = await mkdtemp(path.join(tmpdir(), 'grain-checkpoint-'));
  });
  beforeEach(() => {
    folder = path.join(base, String(count++), 'checkpoints');
  });
  after(() => rm(base, { recursive: true }));

  const save = (from: Trained, step: number, best = false, keep = 1) =>
    saveCheckpoint(folder, from, { step, bestMetric: step / 7 }, { best, keep });

  const index = async () => JSON.parse(await readFile(path.join(folder, 'index.json'), 'utf8'));

  for (const name of ['sgd', 'adamw'] as const) {
    test(`training resumes from a checkpoint bit for bit: ${name}`, async () => {
      const whole = await trained(name, 1);
      trainOn(whole, 1, 5);
      await save(whole, 5);
      const at5 = bits(whole);
      trainOn(whole, 6, 10);

      const resumed = await trained(name, 2);
      const loaded = await loadCheckpoint(folder, resumed);
      assert.deepEqual(loaded?.state, { step: 5, bestMetric: 5 / 7 });
      assert.deepEqual(bits(resumed), at5);
      trainOn(resumed, 6, 10);
      assert.deepEqual(bits(resumed), bits(whole));
      assert.notDeepEqual(bits(whole), at5);
    });
  }

  test('plain TensorFlow.js reads the folder', async () => {
    const content = await trained('sgd', 1);
    const name = await save(content, 1);
    const json = JSON.parse(await readFile(path.join(folder, name, 'model.json'), 'utf8'));
    const weights = await readFile(path.join(folder, name, 'weights.bin'));
    const network = await tfl.loadLayersModel(
      tf.io.fromMemory({
        modelTopology: json.modelTopology,
        weightSpecs: json.weightsManifest[0].weights,
        weightData: new Uint8Array(weights).buffer,
      }),
    );
    const x = tf.randomNormal([2, 4], 0, 1, 'float32', 1);
    const expected = content.model.apply(x).dataSync();
    assert.deepEqual((network.predict(x) as tf.Tensor).dataSync(), expected);
  });

  test('last and best are kept, the others deleted', async () => {
    const content = await trained('sgd', 1);
    for (const [step, best] of [
      [5, false],
      [10, true],
      [15, false],
      [20, false],
    ] as const) {
      await save(content, step, best);
      trainOn(content, step, step + 4);
    }
    assert.deepEqual((await readdir(folder)).sort(), ['index.json', 'step-000010', 'step-000020']);
    assert.equal((await index()).best, 'step-000010');
    assert.equal((await loadCheckpoint(folder, content))!.state.step, 20);
  });

  test('the last few are kept besides the best; fewer once `keep` is lower', async () => {
    const content = await trained('sgd', 1);
    const kept = async () =>
      (await readdir(folder)).filter((name) => name !== 'index.json').map((name) => +name.slice(5));
    await save(content, 5, true, 3);
    for (const step of [10, 15, 20]) await save(content, step, false, 3);
    assert.deepEqual(
      (await kept()).sort((a, b) => a - b),
      [5, 10, 15, 20],
    );
    await save(content, 25, true, 3);
    assert.deepEqual(
      (await kept()).sort((a, b) => a - b),
      [15, 20, 25],
    );
    await save(content, 30, false, 1);
    assert.deepEqual(
      (await kept()).sort((a, b) => a - b),
      [25, 30],
    );
    assert.equal((await loadCheckpoint(folder, content))!.state.step, 30);
    assert.equal((await index()).best, 'step-000025');
  });

  test('the same step is saved again, now as the best', async () => {
    const content = await trained('sgd', 1);
    await save(content, 5);
    await save(content, 5, true);
    assert.equal((await index()).best, 'step-000005-2');
    assert.equal((await readdir(folder)).length, 2);
    await save(content, 6, false, 2);
    await save(content, 6, true, 2);
    const kept = (await readdir(folder)).filter((name) => name.startsWith('step-')).sort();
    assert.deepEqual(
      kept.map((name) => name.slice(0, 11)),
      ['step-000005', 'step-000006'],
    );
  });

  test('no checkpoint yet', async () => {
    assert.equal(await loadCheckpoint(folder, await trained('sgd', 1)), null);
  });

  const damaged = {
    'cut off': (bytes: Buffer) => bytes.subarray(0, bytes.length - 1),
    'with another bit': (bytes: Buffer) => {
      const changed = Buffer.from(bytes);
      changed[changed.length >> 1]! ^= 1;
      return changed;
    },
    empty: () => Buffer.alloc(0),
    missing: () => null,
  };
  const files = ['state.json', 'model.json', 'weights.bin', 'optimizer.json', 'optimizer.bin'];

  for (const file of [...files, 'checksums.json']) {
    for (const [how, change] of Object.entries(damaged)) {
      test(`${file} ${how}: it is named, and the checkpoint before is used`, async () => {
        const content = await trained('sgd', 1);
        await save(content, 1, true, 3);
        const at1 = bits(content);
        trainOn(content, 1, 2);
        await save(content, 2, false, 3);
        const damagedFile = path.join(folder, 'step-000002', file);
        const bytes = change(await readFile(damagedFile));
        if (bytes) await writeFile(damagedFile, bytes);
        else await rm(damagedFile);

        const resumed = await trained('sgd', 2);
        const loaded = (await loadCheckpoint(folder, resumed))!;
        assert.equal(loaded.state.step, 1);
        assert.deepEqual(bits(resumed), at1);
        assert.equal(loaded.damage.length, 1);
        // Of damaged checksums, the first file that differs from them is named.
        assert.match(
          loaded.damage[0]!,
          file === 'checksums.json' ? /step-000002/ : new RegExp(file),
        );
        assert.deepEqual(await index(), { last: 'step-000001', best: 'step-000001', earlier: [] });
        await save(resumed, 2, false, 3);
        assert.equal((await loadCheckpoint(folder, resumed))!.state.step, 2);
      });
    }
  }

  test('if none can be used, all damage is named, and the best is used if asked', async () => {
    const content = await trained('sgd', 1);
    for (const step of [1, 2, 3]) await save(content, step, step === 1, 2);
    for (const name of ['step-000002', 'step-000003']) {
      await writeFile(path.join(folder, name, 'state.json'), '{}');
    }
    await assert.rejects(loadCheckpoint(folder, content), (error) => {
      assert.ok(error instanceof NoUsableCheckpoint);
      assert.match(error.message, /step-000003.state\.json .*; .*step-000002.state\.json/);
      assert.ok(error.isBestLeft);
      return true;
    });
    assert.equal((await loadCheckpoint(folder, content, { from: 'best' }))!.state.step, 1);
    assert.equal((await loadCheckpoint(folder, content))!.state.step, 1);
  });

  test('the best is used if asked, although the last is whole', async () => {
    const content = await trained('sgd', 1);
    await save(content, 1, true);
    await save(content, 2);
    assert.equal((await loadCheckpoint(folder, content, { from: 'best' }))!.state.step, 1);
    assert.equal((await index()).last, 'step-000001');
  });

  test('a checkpoint after the end of the log is not used', async () => {
    const content = await trained('sgd', 1);
    for (const step of [5, 10]) await save(content, step, false, 2);
    const loaded = (await loadCheckpoint(folder, content, { lastStep: 7 }))!;
    assert.equal(loaded.state.step, 5);
    assert.match(loaded.damage[0]!, /step 10, but the run's log, events\.jsonl, ends at step 7/);
    await assert.rejects(loadCheckpoint(folder, content, { lastStep: 0 }), /ends at step 0/);
  });

  for (const content of ['{"last": "step-0000', '{"last": "../other"}', null]) {
    test(`an index that is ${content ?? 'missing'} is made anew`, async () => {
      const trainedOnce = await trained('sgd', 1);
      for (const step of [9, 10]) await save(trainedOnce, step, step === 9, 2);
      const file = path.join(folder, 'index.json');
      if (content === null) await rm(file);
      else await writeFile(file, content);
      const loaded = (await loadCheckpoint(folder, trainedOnce))!;
      assert.deepEqual(loaded.state, { step: 10, bestMetric: null });
      assert.match(loaded.damage[0]!, /index\.json/);
      assert.deepEqual(await index(), {
        last: 'step-000010',
        best: null,
        earlier: ['step-000009'],
      });
    });
  }

  test('weights of another model are rejected', async () => {
    await save(await trained('sgd', 1), 1);
    await assert.rejects(loadCheckpoint(folder, await trained('sgd', 1, [7])));
  });

  test('after a kill at any moment the last checkpoint is whole', { timeout: 60_000 }, async () => {
    await mkdir(folder, { recursive: true });
    let reached = 0;
    for (let round = 0; round < 8; round++) {
      const child = fork(
        path.join(import.meta.dirname, 'checkpointing.ts'),
        [folder, String(reached)],
        {
          stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        },
      );
      const saved: number[] = [];
      child.on('message', (step) => saved.push(step as number));
      await new Promise((resolve) => child.once('message', resolve));
      await setTimeout(25 * round + 3 * Math.random());
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));

      const content = await trained('adamw', 1);
      const { state } = (await loadCheckpoint(folder, content))!;
      assert.ok(state.step >= saved.at(-1)!, `step ${saved.at(-1)} was acknowledged and is lost`);
      const expected = await trained('adamw', 1);
      trainOn(expected, 1, state.step);
      assert.deepEqual(bits(content), bits(expected));
      reached = state.step;
    }
    assert.ok(reached > 8, 'the child was never killed while at work');
  });

  test('weights are stored as they are', async () => {
    const content = await trained('sgd', 1);
    const name = await save(content, 1);
    const { weightData } = await readArtifacts(path.join(folder, name));
    const stored = new Float32Array(tf.io.CompositeArrayBuffer.join(weightData));
    const expected = content.model.network.getWeights().flatMap((w) => [...w.dataSync()]);
    assert.deepEqual([...stored], expected);
  });
});
