import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { loadAssembly } from '../../../../src/engine/kernels/load.ts';
import { fusedAssembly, plainAssembly } from '../../../../src/training/devices/kernels/load.ts';
import { type Post, READY, viewsOf } from '../../../../src/training/devices/wasm/board.ts';
import { Threads } from '../../../../src/training/devices/wasm/threads.ts';
import { random } from '../../engine/random.ts';

const PAGES = 400;
const file = new URL('../../../../src/training/devices/wasm/thread.ts', import.meta.url);
const modules = new Map<string, WebAssembly.Module>();

before(async () => {
  for (const assembly of [fusedAssembly, plainAssembly]) {
    modules.set(assembly.file, new WebAssembly.Module(await loadAssembly(assembly)));
  }
});

/** Kernels on a memory of their own, and the threads that were started for them. */
function kernelsOn(count: number, { assembly = fusedAssembly, script = file, silence = 60 } = {}) {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  let end = 64;
  const malloc = (bytes: number) => {
    const at = end;
    end += Math.ceil(bytes / 64) * 64;
    return at;
  };
  const workers: Worker[] = [];
  let board = new SharedArrayBuffer(64);
  const start = (post: Post) => {
    board = post.board;
    const worker = new Worker(script, { workerData: post });
    workers.push(worker);
    return worker;
  };
  const module = modules.get(assembly.file)!;
  const threads = new Threads(module, { memory, malloc }, count, { start, silence });
  const write = (values: Float32Array) => {
    const at = malloc(values.byteLength);
    new Float32Array(memory.buffer, at, values.length).set(values);
    return at;
  };
  const read = (at: number, length: number) => new Float32Array(memory.buffer, at, length).slice();
  /** Once they have started, which a first call makes them do. */
  const ready = async () => {
    while (Atomics.load(viewsOf(board).words, READY) < count - 1) await setTimeout(5);
  };
  return { threads, workers, memory, malloc, write, read, ready };
}

interface Sizes {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly bias: boolean;
}

const sizes = fc.record({
  batch: fc.constantFrom(1, 1, 3, 4),
  m: fc.integer({ min: 1, max: 70 }),
  n: fc.integer({ min: 1, max: 70 }),
  k: fc.integer({ min: 0, max: 70 }),
  bias: fc.boolean(),
});

function values(seed: number, length: number): Float32Array {
  const { normal } = random(seed);
  return Float32Array.from({ length }, () => normal());
}

/** C = A·B (+ bias), neither transposed. */
function multiply(kernels: ReturnType<typeof kernelsOn>, { batch, m, n, k, bias }: Sizes) {
  const { threads, write, malloc, read } = kernels;
  const [a, b] = [values(1, batch * m * k), values(2, batch * k * n)];
  const [at, bt] = [write(a), write(b)];
  const offset = bias ? write(values(3, n)) : 0;
  const c = malloc(4 * batch * m * n);
  threads.call('product', [at, k, 1, m * k, bt, n, 1, k * n, c, batch, m, n, k, offset]);
  return { a, b, c: read(c, batch * m * n) };
}

const large: Sizes[] = [
  { batch: 1, m: 200, n: 600, k: 1100, bias: true },
  { batch: 1, m: 23, n: 517, k: 513, bias: false },
  { batch: 1, m: 1, n: 1, k: 0, bias: false },
];

describe('products', () => {
  test('are sums in order, bit for bit, where multiplication and addition are two instructions', () => {
    const check = (size: Sizes) => {
      const { batch, m, n, k } = size;
      const { a, b, c } = multiply(kernelsOn(1, { assembly: plainAssembly }), size);
      const bias = size.bias ? values(3, n) : new Float32Array(n);
      for (let at = 0; at < batch * m * n; at++) {
        const [t, i, j] = [Math.floor(at / (m * n)), Math.floor(at / n) % m, at % n];
        let sum = 0;
        for (let p = 0; p < k; p++) {
          const product = Math.fround(a[(t * m + i) * k + p]! * b[(t * k + p) * n + j]!);
          sum = Math.fround(sum + product);
        }
        assert.equal(c[at], Math.fround(sum + bias[j]!));
      }
    };
    fc.assert(fc.property(sizes, check), { numRuns: 40 });
  });

  test('do not depend on the number of threads, bit for bit', async () => {
    for (const assembly of [fusedAssembly, plainAssembly]) {
      const teams = [1, 2, 3].map((count) => kernelsOn(count, { assembly }));
      for (const team of teams) multiply(team, large[2]!);
      await Promise.all(teams.map(({ ready }) => ready()));
      const drawn = fc.sample(sizes, { numRuns: 40, seed: 1 });
      for (const size of [...drawn, ...large]) {
        const [alone, ...shared] = teams.map((team) => multiply(team, size).c);
        for (const c of shared) assert.deepEqual(c, alone, JSON.stringify(size));
      }
      await Promise.all(teams.map(({ threads }) => threads.close()));
    }
  });
});

const any: Sizes = { batch: 1, m: 12, n: 8, k: 4, bias: false };

test('ended threads are started anew by the next call', async () => {
  const kernels = kernelsOn(2);
  const { c } = multiply(kernels, any);
  await kernels.ready();
  await kernels.threads.close();
  assert.deepEqual(multiply(kernels, any).c, c);
  await kernels.ready();
  assert.deepEqual(multiply(kernels, any).c, c);
  assert.equal(kernels.workers.length, 2);
  await kernels.threads.close();
});

describe('the death of a thread is reported', () => {
  test('if it dies between two calls', async () => {
    const kernels = kernelsOn(3);
    multiply(kernels, any);
    await kernels.ready();
    await kernels.workers[0]!.terminate();
    for (const _ of [1, 2]) {
      assert.throws(() => multiply(kernels, any), /a thread of .* died: exit code 1/);
    }
    await kernels.threads.close();
  });

  test('if it cannot start', async () => {
    const script = new URL('data:text/javascript,throw new Error("no room")');
    const kernels = kernelsOn(2, { script });
    multiply(kernels, any);
    await assert.rejects(once(kernels.workers[0]!, 'exit'), /no room/);
    assert.throws(() => multiply(kernels, any), /a thread of .* died: no room/);
  });

  test('if its part fails', async () => {
    const kernels = kernelsOn(2);
    const { threads, memory, write } = kernels;
    multiply(kernels, any);
    await kernels.ready();
    const [a, b] = [write(values(1, 48)), write(values(2, 32))];
    // Six rows of C, the part of the first thread, fit into the memory; the others' six do not.
    const c = memory.buffer.byteLength - 6 * 8 * 4;
    const product = [a, 4, 1, 0, b, 8, 1, 0, c, 1, 12, 8, 4, 0];
    assert.throws(() => threads.call('product', product), /died: its part of a kernel failed/);
    assert.throws(() => multiply(kernels, any), /its part of a kernel failed/);
    const [error] = await once(kernels.workers[0]!, 'error');
    assert.match(error.message, /out of bounds/);
  });

  test('if it falls silent', async () => {
    const mute = `
      import { workerData } from 'node:worker_threads';
      Atomics.add(new Int32Array(workerData.board), ${READY}, 1);
      setInterval(() => {}, 1000);
    `;
    const script = new URL(`data:text/javascript,${encodeURIComponent(mute)}`);
    const kernels = kernelsOn(2, { script, silence: 1 });
    multiply(kernels, any);
    await kernels.ready();
    assert.throws(() => multiply(kernels, any), /died: no answer for 1 s/);
    await kernels.threads.close();
  });
});

/** What a process of its own prints that takes steps with an MLP on the rung `wasm`, after a change to its world. */
function stepsAfter(change: string): { name: string; reason?: string; parameters: string } {
  const source = `
    import { createHash } from 'node:crypto';
    import { createRequire, syncBuiltinESMExports } from 'node:module';
    import { setTimeout } from 'node:timers/promises';
    const require = createRequire(import.meta.url);
    ${change}
    syncBuiltinESMExports();
    const tf = await import('@tensorflow/tfjs-core');
    const { tryRung } = await import('./src/training/devices/ladder.ts');
    const { openDevice } = await import('./src/training/devices/device.ts');
    const { groupGradient } = await import('./src/training/gradients.ts');
    const { lossOf } = await import('./src/training/loss.ts');
    const { buildModel } = await import('./src/training/models/build.ts');
    const { report } = await tryRung('wasm');
    await openDevice('wasm');
    const config = { architecture: 'mlp', hidden: [96] };
    const model = await buildModel(config, { input: [50], outputs: 7 }, 1, '.');
    const x = tf.randomNormal([64, 50], 0, 1, 'float32', 1);
    const y = tf.tensor1d(Array.from({ length: 64 }, (_, i) => i % 7), 'int32');
    for (let step = 0; step < 20; step++) {
      const { gradients } = groupGradient(model, lossOf.classification, x, y);
      model.trainable.forEach((variable, i) => {
        tf.tidy(() => variable.assign(tf.sub(variable, tf.mul(gradients[i], 0.1))));
      });
      // Time for threads to start: their part of the steps is the larger.
      if (step === 2) await setTimeout(500);
    }
    const hash = createHash('sha256');
    for (const variable of model.trainable) hash.update(variable.dataSync());
    const { name, reason } = report;
    console.log(JSON.stringify({ name, reason, parameters: hash.digest('hex') }));
  `;
  const stdout = execFileSync(process.execPath, ['--input-type=module', '-e', source], {
    encoding: 'utf8',
    timeout: 60_000,
    cwd: new URL('../../../../', import.meta.url),
  });
  return JSON.parse(stdout);
}

const cores = (count: number) => `require('node:os').availableParallelism = () => ${count};`;

describe('a process trains', () => {
  test('to the same bits with any number of threads, each time', () => {
    const results = [1, 2, 3, 3].map((count) => stepsAfter(cores(count)));
    for (const { parameters } of results) assert.equal(parameters, results[0]!.parameters);
    assert.match(results[0]!.name, /^WebAssembly \(SIMD, (FMA, )?one thread\)$/);
    assert.match(results[2]!.name, /^WebAssembly \(SIMD, (FMA, )?3 threads\)$/);
  });

  test('without relaxed SIMD', () => {
    const { name, reason } = stepsAfter(`
      WebAssembly.validate = () => false;
      ${cores(2)}
    `);
    assert.equal(name, 'WebAssembly (SIMD, 2 threads)');
    assert.equal(reason, undefined);
  });

  test('without shared memory, as tfjs comes, and says so', () => {
    const { name, reason } = stepsAfter(`
      const { Memory } = WebAssembly;
      WebAssembly.Memory = function (descriptor) {
        if (descriptor.shared) throw new RangeError('no shared memory here');
        return new Memory(descriptor);
      };
    `);
    assert.equal(name, 'WebAssembly (SIMD, one thread)');
    assert.match(reason!, /^slower than it could be.*: no shared memory here$/);
  });
});
