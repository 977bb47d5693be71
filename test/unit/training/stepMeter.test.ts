import assert from 'node:assert/strict';
import { before, beforeEach, mock, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { openDevice } from '../../../src/backends/device.ts';
import type { GroupGradient } from '../../../src/nn/module/gradientSource.ts';
import { StepMeter } from '../../../src/training/stepMeter.ts';

before(() => openDevice('cpu'));

let now = 0;
beforeEach(() => {
  mock.restoreAll();
  mock.method(performance, 'now', () => now);
});

/** Work that takes so many milliseconds. */
async function work(ms: number): Promise<void> {
  now += ms;
}

test('work on gradients between their computations counts as aggregation', async () => {
  const meter = new StepMeter();
  const source = meter.watch({
    kind: 'separate',
    groups: (async function* () {
      for (let i = 0; i < 3; i++) {
        await work(20);
        yield {} as GroupGradient;
      }
    })(),
  });
  assert.ok(source.kind === 'separate');
  for await (const _ of source.groups) await work(50);
  meter.aggregated();
  await work(30);
  const { gradients, aggregate, update } = meter.read().ms;
  assert.equal(gradients, 60);
  assert.equal(aggregate, 150);
  assert.equal(update, 30);
});

test('so does work on them during and after the backward pass', async () => {
  const meter = new StepMeter();
  const source = meter.watch({
    kind: 'grouped',
    async run(sink) {
      for (let layer = 0; layer < 3; layer++) {
        await work(20);
        await sink.flush();
      }
      return [];
    },
  });
  assert.ok(source.kind === 'grouped');
  await source.run({ add: () => {}, flush: () => work(50) });
  await work(40);
  meter.aggregated();
  const { gradients, aggregate } = meter.read().ms;
  assert.equal(gradients, 60);
  assert.equal(aggregate, 190);
});

test('memory is the peak, not what remains', async () => {
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
  const current = process.memoryUsage.rss();
  assert.ok(resident > current / 2 && resident < 2 * current, `${resident}, now ${current} bytes`);
});
