import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { isOutOfMemory, OutOfMemoryError } from '../../../src/backends/interface/deviceErrors.ts';
import { formatFailure, type RunFailure } from '../../../src/runs/failure.ts';
import {
  outOfMemoryInStep,
  outOfMemoryInValidation,
  outOfMemoryWhileLoading,
} from '../../../src/training/outOfMemoryAdvice.ts';
import { Trainer } from '../../../src/training/trainer.ts';
import { tinyTexts, writeTinyBert } from './tinyCheckpoint.ts';
import { ignoreProgress, trainerOf } from './trainerOf.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-memory-'));
before(async () => {
  await writeTinyBert(path.join(folder, 'bert'));
  const lengths = Array.from({ length: 32 }, (_, i) => 20 + (i % 5));
  writeFileSync(path.join(folder, 'texts.tsv'), tinyTexts(lengths));
  const rows = Array.from({ length: 32 }, (_, i) => `${Math.sin(i)},${Math.cos(i)},${i % 2}`);
  writeFileSync(path.join(folder, 'rows.csv'), ['x,y,answer', ...rows].join('\n'));
});
after(() => rmSync(folder, { recursive: true }));

const texts = (batchSize: number, groups = '{ count: 2 }') =>
  `model: { from: ./bert }\ndata: { train: texts.tsv, validation: texts.tsv, text: text, target: answer }\ngroups: ${groups}\nbatchSize: ${batchSize}\nsteps: 9\ndevice: wasm`;
const tables = (batchSize: number, groups = '{ count: 2 }') =>
  `model: { hidden: [64] }\ndata: { train: rows.csv, validation: rows.csv, target: answer }\ngroups: ${groups}\nbatchSize: ${batchSize}\nsteps: 9\ndevice: wasm`;

/** Refuses tensors of more bytes. */
function withinTensorsOf<T>(bytes: number, work: () => Promise<T>): Promise<T> {
  return refusing((needed) => needed > bytes, work);
}

/** Refuses all tensors after so many. */
function withTensors<T>(count: number, work: () => Promise<T>): Promise<T> {
  let made = 0;
  return refusing(() => made++ >= count, work);
}

async function refusing<T>(
  isRefused: (bytes: number) => boolean,
  work: () => Promise<T>,
): Promise<T> {
  const backend = tf.backend() as BackendWasm;
  const { write } = backend;
  backend.write = (values, shape, dtype) => {
    const needed = 4 * tf.util.sizeFromShape(shape);
    if (isRefused(needed)) throw new OutOfMemoryError(needed);
    return write.call(backend, values, shape, dtype);
  };
  try {
    return await work();
  } finally {
    backend.write = write;
  }
}

/** The message about the first step, or null if it fits. */
function messageOf(
  config: string,
  bytes: number,
  aggregator: Parameters<typeof trainerOf>[2] = 'grain',
): Promise<string | null> {
  return trainerOf(folder, config, aggregator).then(({ trainer, session, aggregation, close }) =>
    withinTensorsOf(bytes, async () => {
      try {
        await trainer.step(1);
        return null;
      } catch (error) {
        assert.ok(isOutOfMemory(error), String(error));
        const context = { ...session, aggregation, run: 'run-1' };
        return formatFailure(await outOfMemoryInStep(1, error, context, trainer));
      }
    }).finally(close),
  );
}

test('checkpointing is not advised for a validation, which has no backward pass', async () => {
  const { trainer, session, aggregation, close } = await trainerOf(folder, texts(8), 'grain');
  try {
    await withinTensorsOf(1000, () => trainer.validate(ignoreProgress));
    assert.fail('it fits');
  } catch (error) {
    assert.ok(error instanceof Error && isOutOfMemory(error), String(error));
    const context = { ...session, aggregation, run: 'run-1' };
    const { remedy, ...failure } = outOfMemoryInValidation(3, error, context);
    assert.equal(remedy, undefined);
    assert.match(
      formatFailure(failure),
      /^Out of memory in the validation at step 3: .*, for a new run: data\.maxLength below 128\. To continue when more memory is available: grain run --resume run-1$/,
    );
  } finally {
    await close();
  }
});

describe('the advised batch size', () => {
  for (const [what, configOf, bytes, grouped] of [
    ['of texts', texts, 40_000, '{ count: 2 }'],
    ['of texts, by label', texts, 20_000, '{ by: label }'],
    ['of texts, a pass per group', texts, 20_000, '{ count: 2, backward: accumulate }'],
    ['of tables', tables, 1800, '{ count: 2 }'],
  ] as const) {
    test(`${what} fits, and twice as many examples do not`, async () => {
      const message = await messageOf(configOf(32, grouped), bytes);
      assert.match(message!, /^Out of memory at step 1 \(batch of 32 [×e]/);
      const [, size] = /\. A batch of (\d+) fits\. /.exec(message!)!;
      assert.equal(await messageOf(configOf(Number(size), grouped), bytes), null);
      assert.match(
        (await messageOf(configOf(2 * Number(size), grouped), bytes))!,
        /^Out of memory/,
      );
    });
  }

  test('is missing if one example per group does not fit; other settings are advised', async () => {
    const message = await messageOf(texts(32), 1000);
    assert.match(
      message!,
      /^Out of memory at step 1 \(batch of 32 × 24 tokens, 2 groups\): .* \(limit: 4096 MiB\)\. Even a batch of 2 does not fit\. Settings that need less memory, for a new run: groups\.backward: accumulate, model\.checkpointing: true, model\.adapter: \{ lora: \{\} \}, aggregate: \[grain-layerwise\], data\.maxLength below 128, fewer groups\. To continue with less memory: grain run --resume run-1 --checkpointing$/,
    );
  });

  test('a pass per group is advised first, unless it would store more gradients', async () => {
    const adapters = texts(32).replace('./bert', './bert, adapter: { lora: {} }');
    const first = /for a new run: groups\.backward: accumulate, model\.checkpointing: true/;
    assert.match((await messageOf(adapters, 1000, 'grain-layerwise'))!, first);
    assert.match((await messageOf(adapters, 1000, 'mean'))!, first);
    for (const aggregator of ['grain-layerwise', 'mean'] as const) {
      const message = await messageOf(texts(32), 1000, aggregator);
      assert.match(message!, /for a new run: model\.checkpointing: true, model\.adapter/);
      assert.doesNotMatch(message!, /accumulate/);
    }
  });
});

describe('a model or checkpoint that does not fit', () => {
  const adapted = texts(4).replace('./bert', './bert, adapter: { lora: { rank: 2 } }');
  /** The failure that work which runs out of memory ends a run with. */
  async function failureWhileLoading(
    what: 'model' | 'checkpoint',
    { session, aggregation }: Awaited<ReturnType<typeof trainerOf>>,
    work: () => Promise<unknown>,
  ): Promise<RunFailure> {
    try {
      await withinTensorsOf(100, work);
    } catch (error) {
      assert.ok(isOutOfMemory(error), String(error));
      return outOfMemoryWhileLoading(what, error, { ...session, aggregation, run: 'run-1' });
    }
    return assert.fail('it fits');
  }

  test('a model that does not fit', async () => {
    for (const [config, smaller] of [
      [texts(4), 'a smaller model'],
      [tables(4), 'smaller layers, or fewer'],
    ] as const) {
      const opened = await trainerOf(folder, config, 'grain');
      const { session, aggregation, close } = opened;
      const before = tf.memory().numTensors;
      const seed = { init: 1, order: 1 };
      const failure = await failureWhileLoading('model', opened, () =>
        Trainer.create(session, aggregation, seed),
      );
      assert.deepEqual([failure.code, failure.remedy], ['outOfMemory', undefined]);
      assert.match(
        failure.message,
        /^Out of memory while loading the model: .* \(limit: 4096 MiB\)$/,
      );
      assert.equal(
        failure.advice,
        `Use ${smaller}, or a device with more memory. To continue when more memory is available: grain run --resume run-1`,
      );
      assert.equal(tf.memory().numTensors, before);
      await close();
    }
  });

  for (const [what, config, less] of [
    ['of all parameters', texts(4), 'model.adapter: { lora: {} }, a smaller model'],
    ['of adapters', adapted, 'a smaller model'],
  ] as const) {
    test(`a checkpoint ${what} that does not fit`, async () => {
      const run = mkdtempSync(path.join(folder, 'run-'));
      const opened = await trainerOf(folder, config, 'grain');
      const { trainer, session, aggregation, close } = opened;
      await trainer.step(1);
      await trainer.save(run, { step: 1, bestMetric: null }, { best: false });
      const before = tf.memory().numTensors;
      const other = await Trainer.create(session, aggregation, { init: 1, order: 1 });
      const failure = await failureWhileLoading('checkpoint', opened, () => other.load(run));
      assert.match(
        failure.message,
        /^Out of memory while loading the checkpoint \(parameters and optimizer state\): /,
      );
      assert.equal(
        failure.advice,
        `Use ${less}, or a device with more memory. To continue when more memory is available: grain run --resume run-1`,
      );
      other.dispose();
      assert.equal(tf.memory().numTensors, before);
      assert.equal((await trainer.load(run))?.state.step, 1);
      await close();
    });
  }

  test('whichever tensor of a checkpoint does not fit, none is left', async () => {
    const run = mkdtempSync(path.join(folder, 'run-'));
    const { trainer, session, aggregation, close } = await trainerOf(folder, adapted, 'grain');
    await trainer.step(1);
    await trainer.save(run, { step: 1, bestMetric: null }, { best: false });
    const before = tf.memory().numTensors;
    const loads = async (tensors: number) => {
      const other = await Trainer.create(session, aggregation, { init: 1, order: 1 });
      const isLoaded = await withTensors(tensors, () => other.load(run)).catch(() => null);
      other.dispose();
      assert.equal(tf.memory().numTensors, before, `after ${tensors} tensors`);
      return isLoaded !== null;
    };
    let tensors = 0;
    while (!(await loads(tensors))) tensors++;
    assert.ok(tensors > 6, 'beyond the parameters');
    await close();
  });
});
