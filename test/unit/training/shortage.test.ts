import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { isOutOfMemory, OutOfMemoryError } from '../../../src/training/devices/outOfMemory.ts';
import { shortageInStep } from '../../../src/training/shortage.ts';
import { tinyTexts, writeTinyBert } from './tinyCheckpoint.ts';
import { trainerOf } from './trainerOf.ts';

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
async function withinTensorsOf<T>(bytes: number, work: () => Promise<T>): Promise<T> {
  const backend = tf.backend() as BackendWasm;
  const { write } = backend;
  backend.write = (values, shape, dtype) => {
    const needed = 4 * tf.util.sizeFromShape(shape);
    if (needed > bytes) throw new OutOfMemoryError(needed);
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
        return shortageInStep(1, error, { ...session, aggregation, trainer, run: 'run-1' });
      }
    }).finally(close),
  );
}

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
