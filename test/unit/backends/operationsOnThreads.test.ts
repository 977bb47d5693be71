import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import type { Matrix } from '../../../src/backends/operations/operations.ts';
import { fusedAssembly, plainAssembly } from '../../../src/backends/wasm/assemblies.ts';
import { wasmStackedKernels } from '../../../src/backends/wasm/gradientKernels.ts';
import { wasmOperations } from '../../../src/backends/wasm/operations.ts';
import { registerSharedBackend } from '../../../src/backends/wasm/sharedMemory.ts';
import { Threads } from '../../../src/backends/wasm/threads.ts';
import { loadAssembly } from '../../../src/engine/kernels/load.ts';

const script = new URL('../../../src/backends/wasm/thread.ts', import.meta.url);
const workers: Worker[] = [];
/** Of one, two and three threads. */
let teams: readonly Threads[];
/** With products and sums in two instructions. */
let plain: Threads;

before(async () => {
  const memory = await registerSharedBackend();
  await tf.setBackend('wasm');
  const [fusedModule, plainModule] = await Promise.all(
    [fusedAssembly, plainAssembly].map(async (assembly) => {
      return new WebAssembly.Module(await loadAssembly(assembly));
    }),
  );
  const start = (workerData: unknown) => {
    const worker = new Worker(script, { workerData });
    workers.push(worker);
    return worker;
  };
  teams = [1, 2, 3].map((count) => new Threads(fusedModule!, memory, count, { start }));
  plain = new Threads(plainModule!, memory, 1);
});
after(() => Promise.all(teams.map((threads) => threads.close())));

/** Rows of three groups and widths that no block divides, large enough to be shared. */
const BOUNDS = [0, 700, 701, 1537];
const ROWS = 1537;
const WIDTH = 261;

function everything(threads: Threads): readonly tf.Tensor[] {
  const [operations, stacked] = [wasmOperations(threads), wasmStackedKernels(threads)];
  let drawn = 1;
  const values = (length: number) => {
    const values = new Float32Array(length);
    for (let i = 0; i < length; i++) {
      drawn = (drawn * 48_271) % 2_147_483_647;
      values[i] = drawn / 2 ** 30 - 1;
    }
    return values;
  };
  const matrix = (rows: number, width: number): Matrix =>
    tf.tensor2d(values(rows * width), [rows, width]);
  const [x, dy] = [matrix(ROWS, WIDTH), matrix(ROWS, WIDTH)];
  const [gamma, beta] = [tf.tensor1d(values(WIDTH)), tf.tensor1d(values(WIDTH))];
  const [weight, bias] = [matrix(131, WIDTH), tf.tensor1d(values(131))];
  const dropout = { rate: 0.1, seed: 7 };
  const shape = { batch: 3, queries: 91, keys: 99, heads: 6, keyValueHeads: 2, width: 21 };
  const full = { ...shape, causal: true, dropout };
  const [q, gradient] = [matrix(3 * 91, 126), matrix(3 * 91, 126)];
  const [k, v] = [matrix(3 * 99, 42), matrix(3 * 99, 42)];
  const layer = operations.layerNorm(x, gamma, beta, 1e-5);
  const rms = operations.rmsNorm(x, gamma, 1e-5);
  const attended = operations.attention(q, k, v, tf.zeros([3, 99]), full);
  const y = operations.linear(x, weight, bias, 'out-in');
  const angles = matrix(ROWS, 9);
  const rotation = { cos: tf.cos(angles) as Matrix, sin: tf.sin(angles) as Matrix };
  const ids = Int32Array.from({ length: ROWS }, (_, i) => (i * 7919) % 97);
  const gradients = operations.linearWeight(x, y, BOUNDS, 'out-in');
  const gram = new Float64Array(9);
  stacked.addGram(gradients, gram);
  const mixed = stacked.combine(gradients, Float64Array.of(0.2, 0.3, 0.5), weight.shape);
  return [
    ...[y, layer.y, ...layer.stats, rms.y, ...rms.stats, gradients, mixed],
    operations.linearInput(y, weight, 'out-in'),
    operations.linear(matrix(5, WIDTH), matrix(1001, WIDTH), null, 'out-in'),
    operations.linear(x, tf.transpose(weight), null, 'in-out'),
    operations.linearWeight(x, y, BOUNDS, 'in-out'),
    operations.rowSums(dy, BOUNDS),
    operations.add(x, dy),
    operations.dropout(x, dropout),
    operations.activation('gelu', x),
    operations.activationInput('gelu_new', x, dy),
    operations.gated(x, dy),
    ...Object.values(operations.gatedInputs(x, dy, layer.y)),
    operations.layerNormInput(x, gamma, layer.stats, dy),
    ...Object.values(operations.layerNormParameters(x, layer.stats, dy, BOUNDS)),
    operations.rmsNormInput(x, gamma, rms.stats, dy),
    operations.rmsNormParameter(x, rms.stats, dy, BOUNDS),
    ...Object.values(attended),
    ...Object.values(operations.attentionInputs(q, k, v, attended.probabilities, gradient, full)),
    operations.rotate(matrix(ROWS, 54), rotation, 1),
    operations.gather(x, tf.tensor1d(ids, 'int32')),
    operations.segmentSums(x, ids, 97, BOUNDS),
    ...Object.values(operations.crossEntropy(x, ids, values(ROWS))),
    tf.tensor1d(Float32Array.from([...gram, ...stacked.products(gradients, mixed)])),
  ];
}

test('results do not depend on the number of threads, bit for bit', () => {
  const results = teams.map((threads) => resultsOf(threads).map(bytesOf));
  assert.equal(workers.length, 3);
  for (const shared of results.slice(1)) {
    for (const [i, bytes] of shared.entries()) assert.ok(bytes.equals(results[0]![i]!), `${i}`);
  }
});

test('results without relaxed SIMD differ by roundings alone', () => {
  const [fused, others] = [teams[0]!, plain].map(resultsOf);
  for (const [i, values] of fused!.entries()) {
    let [scale, off] = [1, 0];
    for (let j = 0; j < values.length; j++) {
      scale = Math.max(scale, Math.abs(values[j]!));
      off = Math.max(off, Math.abs(values[j]! - others![i]![j]!));
    }
    assert.ok(off <= 1e-5 * scale, `${i}: off by ${off} of ${scale}`);
  }
});

function resultsOf(threads: Threads): readonly Float32Array[] {
  // Not returned by `tidy`, which would look for tensors in every element.
  let results: readonly Float32Array[] = [];
  tf.tidy(() => {
    results = everything(threads).map((tensor) => tensor.dataSync<'float32'>());
  });
  return results;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
