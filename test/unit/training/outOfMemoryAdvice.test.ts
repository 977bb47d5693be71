import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { isOutOfMemory, OutOfMemoryError } from '../../../src/backends/operations/outOfMemory.ts';
import { failureText } from '../../../src/runs/failure.ts';
import { shortageInStep, shortageInValidation } from '../../../src/training/outOfMemoryAdvice.ts';
import { Trainer, TrainingError } from '../../../src/training/trainer.ts';
import { tinyTexts, writeTinyBert } from './tinyCheckpoint.ts';
import { trainerOf, unheard } from './trainerOf.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-shortage-'));
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

/** The message about the first step, or null if it finds room. */
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
        const place = { ...session, aggregation, trainer, run: 'run-1' };
        return failureText(await shortageInStep(1, error, place));
      }
    }).finally(close),
  );
}

test('a validation that finds no room is not told to checkpoint: there is no way back to save for', async () => {
  const { trainer, session, aggregation, close } = await trainerOf(folder, texts(8), 'grain');
  try {
    await withinTensorsOf(1000, () => trainer.validate(unheard));
    assert.fail('it found room');
  } catch (error) {
    assert.ok(error instanceof Error && isOutOfMemory(error), String(error));
    const place = { ...session, aggregation, trainer, run: 'run-1' };
    assert.match(
      failureText(shortageInValidation(3, error, place)),
      /^validation at step 3: out of memory: .*a data\.maxLength below 128\. From the last checkpoint the run goes on by grain run --resume run-1 when there is more memory; other settings need a new run$/,
    );
  } finally {
    await close();
  }
});

describe('the batch size that a message names', () => {
  for (const [what, configOf, bytes, grouped] of [
    ['of texts', texts, 40_000, '{ count: 2 }'],
    ['of texts, by label', texts, 20_000, '{ by: label }'],
    ['of texts, a pass per group', texts, 20_000, '{ count: 2, backward: accumulate }'],
    ['of tables', tables, 1800, '{ count: 2 }'],
  ] as const) {
    test(`${what} finds room, and twice as many examples do not`, async () => {
      const message = await messageOf(configOf(32, grouped), bytes);
      assert.match(message!, /The batch was 32 examples/);
      const [, size] = /With batchSize: (\d+) the step went through/.exec(message!)!;
      assert.equal(await messageOf(configOf(Number(size), grouped), bytes), null);
      assert.match((await messageOf(configOf(2 * Number(size), grouped), bytes))!, /out of memory/);
    });
  }

  test('is none where one example per group finds no room, and what would help is said', async () => {
    const message = await messageOf(texts(32), 1000);
    assert.match(message!, /^step 1: out of memory: no room for .*, which has 4096 MiB/);
    assert.match(
      message!,
      /32 examples of 24 tokens, padding included, in 2 groups\. With batchSize: 2 there is no room either\. What needs less memory: groups\.backward: accumulate, model\.checkpointing: true, model\.adapter: \{ lora: \{\} \}, aggregate: \[grain-layerwise\], a data\.maxLength below 128, fewer groups\. From the last checkpoint the run goes on by grain run --resume run-1 --checkpointing; other settings need a new run$/,
    );
  });

  test('a pass per group is named first, but where it would keep more gradients', async () => {
    const adapters = texts(32).replace('./bert', './bert, adapter: { lora: {} }');
    const first =
      /What needs less memory: groups\.backward: accumulate, model\.checkpointing: true/;
    assert.match((await messageOf(adapters, 1000, 'grain-layerwise'))!, first);
    assert.match((await messageOf(adapters, 1000, 'mean'))!, first);
    for (const aggregator of ['grain-layerwise', 'mean'] as const) {
      const message = await messageOf(texts(32), 1000, aggregator);
      assert.match(message!, /What needs less memory: model\.checkpointing: true, model\.adapter/);
      assert.doesNotMatch(message!, /accumulate/);
    }
  });
});

describe('what a run starts from', () => {
  const adapted = texts(4).replace('./bert', './bert, adapter: { lora: { rank: 2 } }');
  const again = 'grain run --resume goes on when there is more memory';

  test('a model that finds no room ends the run with what would do', async () => {
    for (const [config, smaller] of [
      [texts(4), 'a smaller model'],
      [tables(4), 'smaller layers, or fewer'],
    ] as const) {
      const { session, aggregation, close } = await trainerOf(folder, config, 'grain');
      const before = tf.memory().numTensors;
      const seed = { init: 1, order: 1 };
      const opened = withinTensorsOf(100, () => Trainer.create(session, aggregation, seed));
      await assert.rejects(opened, (error: Error) => {
        assert.ok(error instanceof TrainingError);
        assert.match(
          error.message,
          /^out of memory: the parameters alone: no room for .* tensors, which has 4096 MiB/,
        );
        const more = `What would do: ${smaller}, or a device with more memory. ${again}`;
        assert.ok(error.message.endsWith(more), error.message);
        return true;
      });
      assert.equal(tf.memory().numTensors, before);
      await close();
    }
  });

  for (const [what, config, less] of [
    ['of all parameters', texts(4), 'model.adapter: { lora: {} }, a smaller model'],
    ['of adapters', adapted, 'a smaller model'],
  ] as const) {
    test(`a checkpoint ${what} that finds no room does so too`, async () => {
      const run = mkdtempSync(path.join(folder, 'run-'));
      const { trainer, session, aggregation, close } = await trainerOf(folder, config, 'grain');
      await trainer.step(1);
      await trainer.save(run, { step: 1, bestMetric: null }, false);
      const before = tf.memory().numTensors;
      const other = await Trainer.create(session, aggregation, { init: 1, order: 1 });
      await assert.rejects(
        withinTensorsOf(100, () => other.load(run)),
        (error: Error) => {
          assert.ok(error instanceof TrainingError);
          assert.match(error.message, /^out of memory: the last checkpoint, parameters and what/);
          assert.ok(error.message.includes(`What would do: ${less}, or a device`), error.message);
          assert.ok(error.message.endsWith(`${again}; another model needs a new run`));
          return true;
        },
      );
      other.dispose();
      assert.equal(tf.memory().numTensors, before);
      assert.equal((await trainer.load(run))?.step, 1);
      await close();
    });
  }

  test('whichever tensor of a checkpoint finds no room, none is left', async () => {
    const run = mkdtempSync(path.join(folder, 'run-'));
    const { trainer, session, aggregation, close } = await trainerOf(folder, adapted, 'grain');
    await trainer.step(1);
    await trainer.save(run, { step: 1, bestMetric: null }, false);
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
