import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import { openDevice } from '../../../src/backends/device.ts';
import type { GroupGradient } from '../../../src/nn/module/gradientSource.ts';
import { StepMeter } from '../../../src/training/stepMeter.ts';

before(() => openDevice('cpu'));

/** Timers are late, never early; by how much depends on what else the machine does. */
function assertTook(ms: number, expected: number): void {
  assert.ok(ms >= expected - 3 && ms < expected + 60, `${ms} ms, not ${expected}`);
}

test('what is done with gradients between the making of them is time for aggregation', async () => {
  const meter = new StepMeter();
  const source = meter.watch({
    kind: 'separate',
    groups: (async function* () {
      for (let i = 0; i < 3; i++) {
        await setTimeout(20);
        yield {} as GroupGradient;
      }
    })(),
  });
  assert.ok(source.kind === 'separate');
  for await (const _ of source.groups) await setTimeout(50);
  meter.aggregated();
  await setTimeout(30);
  const { gradients, aggregate, update } = meter.read().ms;
  assertTook(gradients, 60);
  assertTook(aggregate, 150);
  assertTook(update, 30);
});

test('so is what is done with them on the way back, and after the pass', async () => {
  const meter = new StepMeter();
  const source = meter.watch({
    kind: 'grouped',
    async run(sink) {
      for (let layer = 0; layer < 3; layer++) {
        await setTimeout(20);
        await sink.flush();
      }
      return [];
    },
  });
  assert.ok(source.kind === 'grouped');
  await source.run({ add: () => {}, flush: () => setTimeout(50) });
  await setTimeout(40);
  meter.aggregated();
  const { gradients, aggregate } = meter.read().ms;
  assertTook(gradients, 60);
  assertTook(aggregate, 190);
});

test('memory is the most that was there, not what is left of it', async () => {
  const meter = new StepMeter();
  const before = tf.memory().numBytes;
  const source = meter.watch({
    kind: 'grouped',
    async run(sink) {
      const activations = tf.ones([1000]);
      sink.add(0, { stacked: tf.ones([2, 250]) });
      activations.dispose();
      await sink.flush();
      return [];
    },
  });
  assert.ok(source.kind === 'grouped');
  await source.run({ add: (_, { stacked }) => stacked.dispose(), flush: async () => {} });
  meter.aggregated();
  assert.equal(tf.memory().numBytes, before);
  const { resident, tensors } = meter.read().memory!;
  assert.equal(tensors! - before, 4 * 1500);
  const now = process.memoryUsage.rss();
  assert.ok(resident > now / 2 && resident < 2 * now, `${resident} bytes, now ${now}`);
});
