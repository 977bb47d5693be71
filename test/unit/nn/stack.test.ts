import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { type Device, openDevice } from '../../../src/backends/device.ts';
import { tfjsOperations } from '../../../src/backends/operations/tfjsOperations.ts';
import type { ParameterSink } from '../../../src/nn/module/parameter.ts';
import { runPass } from '../../../src/nn/module/pass.ts';
import type { FineTuningPlan } from '../../../src/nn/parameters/source.ts';
import { Gradients } from './gradients.ts';
import { tinyBatch, tinyBert } from './tinyBert.ts';

const lora = { rank: 2, alpha: 4, dropout: 0, targets: ['query'] };

describe('tensors that a forward pass saves for the backward pass', () => {
  let device: Device;
  before(async () => {
    device = await openDevice('cpu');
  });
  after(() => device.close());

  /** Bytes beside the parameters and the mask, between the forward and the backward pass. */
  async function held(
    plan: Partial<FineTuningPlan>,
    checkpointing: boolean,
    sink: ParameterSink | null = new Gradients(),
  ): Promise<number> {
    const { stack, parameters } = await tinyBert(tfjsOperations, plan, checkpointing);
    const bytes = await runPass(
      tfjsOperations,
      tinyBatch,
      { dropout: null, sink },
      async (pass) => {
        const before = tf.memory().numBytes;
        const { y, backward: back } = stack.forward(pass);
        const bytes = tf.memory().numBytes - before;
        if (sink) await back(pass.scope.add(tf.onesLike(y)));
        return bytes;
      },
    );
    parameters.dispose();
    return bytes;
  }

  test('is less with checkpointing, with frozen layers and with adapters only', async () => {
    const all = await held({}, false);
    const [checkpointing, frozen, adapters] = [
      await held({}, true),
      await held({ freeze: 1 }, false),
      await held({ newHead: true, lora }, false),
    ];
    assert.ok(checkpointing < all / 5, `${checkpointing} of ${all}`);
    assert.ok(frozen < 0.6 * all, `${frozen} of ${all}`);
    assert.ok(adapters < 0.8 * all, `${adapters} of ${all}`);
  });

  test('is only the outputs if there is no backward pass', async () => {
    assert.equal(await held({}, false, null), tinyBatch.batchSize * 3 * 4);
  });
});
