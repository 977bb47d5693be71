import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { openDevice } from '../../../../src/training/devices/device.ts';
import { OutOfMemoryError } from '../../../../src/training/devices/outOfMemory.ts';

test('a tensor that finds no room on the rung wasm is refused, and the others are as they were', async () => {
  const device = await openDevice('wasm');
  const kept = tf.tensor2d([[1, 2, 3]]);
  // What is beyond 32 bits, and what is only more than is left.
  for (const gibibytes of [4, 5]) assert.throws(() => room(gibibytes), OutOfMemoryError);
  assert.throws(() => Array.from({ length: 5 }, () => room(1)), new OutOfMemoryError(2 ** 30));
  assert.deepEqual([...kept.dataSync()], [1, 2, 3]);
  await device.close();
});

/** Memory for a tensor, which nobody writes to. */
function room(gibibytes: number): object {
  const nothing = null as unknown as tf.BackendValues;
  return tf.backend().write(nothing, [gibibytes * 2 ** 28], 'float32');
}
