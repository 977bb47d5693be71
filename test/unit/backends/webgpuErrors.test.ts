import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { isOutOfMemory } from '../../../src/backends/interface/deviceErrors.ts';
import { tryBackend } from '../../../src/backends/order.ts';
import { tinyTexts, writeTinyBert } from '../training/tinyCheckpoint.ts';
import { ignoreProgress, trainerOf } from '../training/trainerOf.ts';

const { report, opened } = await tryBackend('webgpu');
await opened?.open.close();

const folder = mkdtempSync(path.join(tmpdir(), 'grain-webgpu-'));
before(async () => {
  await writeTinyBert(path.join(folder, 'bert'));
  writeFileSync(path.join(folder, 'texts.tsv'), tinyTexts([5, 3, 4, 2, 6, 3]));
});
after(() => rmSync(folder, { recursive: true }));

const config = `
model: { from: ./bert, dropout: 0 }
data: { train: texts.tsv, validation: texts.tsv, text: text, target: answer }
groups: { count: 2 }
batchSize: 4
steps: 3
device: webgpu
`;

/** What there is of it in the standard. */
type Gpu = WebGPUBackend['device'];
const STORAGE = 128;

const invalid = (gpu: Gpu) => gpu.createBuffer({ size: 4, usage: 0 });
const tooLarge = (gpu: Gpu) =>
  gpu.createBuffer({ size: gpu.limits.maxBufferSize + 4, usage: STORAGE });
/** As the driver's own, for which a GPU would have to be full. */
const full = (gpu: Gpu) => {
  const error = new GPUOutOfMemoryError('allocation failed');
  gpu.dispatchEvent(new GPUUncapturedErrorEvent('uncapturederror', { error }));
};

describe('errors that WebGPU reports after the fact', {
  // Where test/webgpu.sh runs it, it must not be skipped.
  skip: report.usable || process.env.GRAIN_EXPECT_WEBGPU ? false : report.reason!,
}, () => {
  let made: Awaited<ReturnType<typeof trainerOf>>;
  let gpu: Gpu;
  before(async () => {
    made = await trainerOf(folder, config, 'grain');
    gpu = (tf.backend() as WebGPUBackend).device;
  });
  after(() => made.close());

  /** Does work, and something wrong the first time that the work makes a tensor. */
  async function disturbed<T>(wrong: (gpu: Gpu) => unknown, work: () => Promise<T>): Promise<T> {
    const backend = tf.backend();
    const { write } = backend;
    backend.write = (...args) => {
      backend.write = write;
      wrong(gpu);
      return write.apply(backend, args);
    };
    return work().finally(() => {
      backend.write = write;
    });
  }

  test('an invalid command ends the step, and the next one is whole again', async () => {
    const { trainer } = made;
    await assert.rejects(
      disturbed(invalid, () => trainer.step(1)),
      (error: Error) => /^WebGPU reports: .*usage/i.test(error.message) && !isOutOfMemory(error),
    );
    const { facts } = await trainer.step(1);
    assert.ok(facts.losses.every((loss) => loss! > 0));
  });

  test('an invalid command ends a validation', async () => {
    await assert.rejects(
      disturbed(invalid, () => made.trainer.validate(ignoreProgress)),
      /^Error: WebGPU reports/,
    );
  });

  for (const [what, wrong] of [
    ['a full GPU', full],
    ['a buffer above the limit', tooLarge],
  ] as const) {
    test(`${what} is recognized: a smaller step is tried, and smaller batches of a validation`, async () => {
      const { trainer } = made;
      await assert.rejects(
        disturbed(wrong, () => trainer.step(1)),
        isOutOfMemory,
      );
      assert.equal(await disturbed(wrong, () => trainer.fits(1, 2)), false);
      assert.equal(await trainer.fits(1, 2), true);
      const { metrics } = await trainer.validate(ignoreProgress);
      const again = await disturbed(wrong, () => trainer.validate(ignoreProgress));
      assert.ok(Math.abs(again.metrics.loss! - metrics.loss!) < 1e-4);
    });
  }

  test('a checkpoint that was read wrongly is not saved', async () => {
    const { trainer } = made;
    const checkpoints = path.join(folder, 'checkpoints');
    const state = { step: 1, bestMetric: null };
    const kept = await trainer.save(checkpoints, state, { best: false });
    invalid(gpu);
    await assert.rejects(
      trainer.save(checkpoints, { ...state, step: 2 }, { best: false }),
      /WebGPU reports/,
    );
    assert.equal((await trainer.load(checkpoints))?.state.step, 1);
    assert.ok(readdirSync(checkpoints).includes(kept));
  });

  test('a GPU that is lost ends every step', async () => {
    gpu.destroy();
    for (const step of [2, 3]) {
      await assert.rejects(made.trainer.step(step), /^DeviceLostError: WebGPU lost the GPU: /);
    }
  });
});
