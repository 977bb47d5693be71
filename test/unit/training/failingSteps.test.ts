import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { openDevice } from '../../../src/backends/device.ts';
import { isOutOfMemory, OutOfMemoryError } from '../../../src/backends/interface/deviceErrors.ts';
import { dropoutOf } from '../../../src/nn/layers/dropout.ts';
import type { ParameterSink, StackedGradient } from '../../../src/nn/module/parameter.ts';
import { tinyBatch, tinyBert, tinyLabels } from '../nn/tinyBert.ts';
import { tinyTexts, writeTinyBert, writeTinyLlama } from './tinyCheckpoint.ts';
import { ignoreProgress, trainerOf } from './trainerOf.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-failing-'));
before(async () => {
  await writeTinyBert(path.join(folder, 'bert'));
  await writeTinyLlama(path.join(folder, 'llama'));
  writeFileSync(path.join(folder, 'texts.tsv'), tinyTexts([5, 3, 4, 2, 6, 3]));
});
after(() => rmSync(folder, { recursive: true }));

const files = 'train: texts.tsv, validation: texts.tsv, target: answer';
const settings = 'batchSize: 4\nsteps: 3\ndevice: wasm';

const classifier = (model = '', groups = '', more = '') =>
  `model: { from: ./bert, ${model} }\ndata: { ${files}, text: text }\ngroups: { count: 2, ${groups} }\n${settings}\n${more}`;
const generator = `task: generation\nmodel: { from: ./llama }\ndata: { ${files}, prompt: "{text} ", maxLength: 16, maxNewTokens: 2 }\ngroups: { count: 2 }\n${settings}`;

/** Runs `work` while no tensor from the n-th on (from 0) fits into memory. */
async function outOfMemoryFrom(
  from: number,
  work: () => Promise<unknown>,
): Promise<'done' | 'failed'> {
  const backend = tf.backend() as BackendWasm;
  const { write } = backend;
  let made = 0;
  backend.write = (...args) => {
    if (made++ >= from) throw new OutOfMemoryError(8);
    return write.apply(backend, args);
  };
  try {
    await work();
    return 'done';
  } catch (error) {
    assert.ok(isOutOfMemory(error), String(error));
    return 'failed';
  } finally {
    backend.write = write;
  }
}

function left() {
  const { numTensors, numBytes } = tf.memory();
  return { numTensors, numBytes };
}

describe('whichever tensor of a step does not fit, none of its tensors is left', () => {
  const preconditioned = { name: 'grain', metric: 'preconditioned', smoothing: 0 } as const;
  for (const [what, config, aggregator] of [
    ['grain', classifier(), 'grain'],
    ['mean, combined during the backward pass', classifier(), 'mean'],
    ['block by block', classifier(), 'grain-layerwise'],
    ['in the metric of the optimizer', classifier(), preconditioned],
    ['sign by sign', classifier(), 'graddrop'],
    ['one after another', classifier(), 'grain-streaming'],
    ['a pass per group', classifier('', 'backward: accumulate'), 'grain'],
    ['computed twice', classifier('checkpointing: true'), 'grain'],
    ['adapters', classifier('adapter: { lora: { rank: 2, dropout: 0.1 } }'), 'grain'],
    ['with sgd', classifier('', '', 'optimizer: { name: sgd, momentum: 0.5 }'), 'grain'],
    ['a language model', generator, 'grain'],
  ] as const) {
    test(what, async () => {
      const { trainer, close } = await trainerOf(folder, config, aggregator);
      // The optimizer's memory is made by the first step, and stays.
      await trainer.step(1);
      const before = left();
      let n = 0;
      while ((await outOfMemoryFrom(n, () => trainer.step(2))) === 'failed') {
        assert.deepEqual(left(), before, `after tensor ${n}`);
        n++;
      }
      assert.deepEqual(left(), before, 'after a whole step');
      assert.ok(n > 50, `${n} tensors`);
      await close();
    });
  }
});

test('if the sink throws, at any gradient, no tensor of the pass is left', async () => {
  const device = await openDevice('wasm');
  for (const checkpointing of [false, true]) {
    const { model, parameters } = await tinyBert(device.operations!, {}, checkpointing);
    const before = left();
    const count = parameters.trained.length;
    for (let from = 0; from <= count; from++) {
      const sink = new ThrowingSink(from);
      const pass = model.gradients(tinyBatch, tinyLabels, dropoutOf(1, 1, 0), sink);
      if (from < count) await assert.rejects(pass, /rejected/);
      else await pass;
      sink.dispose();
      assert.deepEqual(left(), before, `after ${from} gradients`);
    }
    parameters.dispose();
  }
  await device.close();
});

/** Accepts so many gradients, then throws. */
class ThrowingSink implements ParameterSink {
  readonly #most: number;
  readonly #received: tf.Tensor[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  add(_: unknown, { stacked }: StackedGradient): void {
    if (this.#received.length === this.#most) throw new Error('rejected');
    this.#received.push(stacked);
  }

  async flush(): Promise<void> {}

  dispose(): void {
    tf.dispose(this.#received);
  }
}

describe('whichever tensor of a validation does not fit, none of its tensors is left', () => {
  for (const [what, config] of [
    ['classification', classifier()],
    ['generation', generator],
  ] as const) {
    test(what, async () => {
      const { trainer, close } = await trainerOf(folder, config, 'grain');
      const before = left();
      let n = 0;
      while ((await outOfMemoryFrom(n, () => trainer.validate(ignoreProgress))) === 'failed') {
        assert.deepEqual(left(), before, `after tensor ${n}`);
        n++;
      }
      assert.deepEqual(left(), before, 'after a whole validation');
      await close();
    });
  }
});
