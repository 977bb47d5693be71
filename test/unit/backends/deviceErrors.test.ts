import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { openDevice } from '../../../src/backends/device.ts';
import { isOutOfMemory, OutOfMemoryError } from '../../../src/backends/interface/deviceErrors.ts';

test('a tensor that does not fit in memory on the backend wasm is rejected, and the others are unchanged', async () => {
  const device = await openDevice('wasm');
  const kept = tf.tensor2d([[1, 2, 3]]);
  // What is beyond 32 bits, and what is only more than is left.
  for (const gibibytes of [4, 5]) assert.throws(() => room(gibibytes), OutOfMemoryError);
  assert.throws(() => Array.from({ length: 5 }, () => room(1)), new OutOfMemoryError(2 ** 30));
  assert.deepEqual([...kept.dataSync()], [1, 2, 3]);
  await device.close();
});

/** Memory for a tensor, never written to. */
function room(gibibytes: number): object {
  const nothing = null as unknown as tf.BackendValues;
  return tf.backend().write(nothing, [gibibytes * 2 ** 28], 'float32');
}

test('out-of-memory messages of other libraries are recognized, and no others', () => {
  const said = (work: () => unknown): unknown => {
    try {
      return work();
    } catch (error) {
      return error;
    }
  };
  const full = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  assert.ok(isOutOfMemory(said(() => new Float32Array(2 ** 40))));
  assert.ok(isOutOfMemory(said(() => full.grow(1))));
  // TensorFlow's message; its GPU package is not available here.
  const ofTensorFlow = 'Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[8,8]';
  assert.ok(isOutOfMemory(new Error(ofTensorFlow)));
  assert.ok(!isOutOfMemory(said(() => new Float32Array(-1))));
  assert.ok(!isOutOfMemory(said(() => tf.matMul(tf.ones([2, 2]), tf.ones([3, 3])))));
});
