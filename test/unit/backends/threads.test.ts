import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { before, describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { fusedAssembly, plainAssembly } from '../../../src/backends/wasm/assemblies.ts';
import { TICKET, type WorkerInit } from '../../../src/backends/wasm/controlBlock.ts';
import { Threads } from '../../../src/backends/wasm/threads.ts';
import { loadAssembly } from '../../../src/engine/kernels/load.ts';
import { random } from '../engine/random.ts';

const PAGES = 400;
const file = new URL('../../../src/backends/wasm/thread.ts', import.meta.url);
const modules = new Map<string, WebAssembly.Module>();

before(async () => {
  for (const assembly of [fusedAssembly, plainAssembly]) {
    modules.set(assembly.file, new WebAssembly.Module(await loadAssembly(assembly)));
  }
});

/** Kernels on a memory of their own, and the threads that were started for them. */
function kernelsOn(
  count: number,
  {
    assembly = fusedAssembly,
    script = file,
    timeout = 60,
    change = (init: WorkerInit) => init,
  } = {},
) {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  // What the threads need lies at the end of the memory, operands at its beginning, those of one call over those of the last.
  let end = memory.buffer.byteLength;
  const malloc = (bytes: number) => {
    end = (end - bytes) & ~63;
    return end;
  };
  const workers: Worker[] = [];
  const scratches: number[] = [];
  const start = (init: WorkerInit) => {
    const worker = new Worker(script, { workerData: change(init) });
    workers.push(worker);
    scratches.push(init.scratch);
    return worker;
  };
  const module = modules.get(assembly.file)!;
  const threads = new Threads(module, { memory, malloc }, count, { start, timeout });
  /** Packed matrices of theirs, after the constants, show that all threads took part in something. */
  const allTookPart = () =>
    scratches.length === count - 1 &&
    scratches.every((at) =>
      new Float32Array(memory.buffer, at + 1024, 1000).some((value) => value !== 0),
    );
  return { threads, workers, memory, allTookPart };
}

interface Sizes {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly bias: boolean;
}

/** KC of the kernel. */
const BLOCK = 64;

const sizes = fc.record({
  batch: fc.constantFrom(1, 1, 3, 4),
  m: fc.integer({ min: 1, max: 70 }),
  n: fc.integer({ min: 1, max: 70 }),
  k: fc.integer({ min: 0, max: 150 }),
  bias: fc.boolean(),
});

function values(seed: number, length: number): Float32Array {
  const { normal } = random(seed);
  return Float32Array.from({ length }, () => normal());
}

/** C = A·B (+ bias), neither transposed. */
function multiply({ threads, memory }: ReturnType<typeof kernelsOn>, size: Sizes) {
  const { batch, m, n, k } = size;
  const lengths = [batch * m * k, batch * k * n, n, batch * m * n];
  let next = 64;
  const [a, b, bias, c] = lengths.map((length, seed) => {
    const array = new Float32Array(memory.buffer, next, length);
    array.set(values(seed, length));
    next += Math.ceil(length / 16) * 64;
    return array;
  }) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const offset = size.bias ? bias.byteOffset : 0;
  const operands = [a.byteOffset, k, 1, m * k, b.byteOffset, n, 1, k * n, c.byteOffset];
  threads.call('product', [...operands, batch, m, n, k, offset]);
  return { a, b, bias, c: c.slice() };
}

const large: Sizes[] = [
  { batch: 1, m: 200, n: 600, k: 1100, bias: true },
  { batch: 1, m: 23, n: 517, k: 513, bias: false },
  { batch: 1, m: 1, n: 1, k: 0, bias: false },
];

describe('products', () => {
  test('are sums of 64 in order, added to the bias in order, bit for bit, where multiplication and addition are two instructions', () => {
    const check = (size: Sizes) => {
      const { batch, m, n, k } = size;
      const { a, b, bias, c } = multiply(kernelsOn(1, { assembly: plainAssembly }), size);
      for (let at = 0; at < batch * m * n; at++) {
        const [t, i, j] = [Math.floor(at / (m * n)), Math.floor(at / n) % m, at % n];
        let sum = size.bias ? bias[j]! : 0;
        for (let from = 0; from < k; from += BLOCK) {
          let part = 0;
          for (let p = from; p < Math.min(from + BLOCK, k); p++) {
            const product = Math.fround(a[(t * m + i) * k + p]! * b[(t * k + p) * n + j]!);
            part = Math.fround(part + product);
          }
          sum = Math.fround(sum + part);
        }
        assert.equal(c[at], sum);
      }
    };
    fc.assert(fc.property(sizes, check), { numRuns: 40 });
  });

  test('do not depend on the number of threads, bit for bit', async () => {
    for (const assembly of [fusedAssembly, plainAssembly]) {
      const teams = [1, 2, 3].map((count) => kernelsOn(count, { assembly }));
      for (const team of teams) {
        while (!team.allTookPart()) multiply(team, large[0]!);
      }
      const drawn = fc.sample(sizes, { numRuns: 40 });
      for (const size of [...drawn, ...large]) {
        const [alone, ...shared] = teams.map((team) => multiply(team, size).c);
        for (const c of shared) assert.deepEqual(c, alone, JSON.stringify(size));
      }
      await Promise.all(teams.map(({ threads }) => threads.close()));
    }
  });
});

const any: Sizes = { batch: 1, m: 70, n: 60, k: 50, bias: false };

test('terminated threads are restarted by the next call', async () => {
  const kernels = kernelsOn(2);
  const { c } = multiply(kernels, any);
  await kernels.threads.close();
  assert.equal(kernels.workers[0]!.threadId, -1);
  while (kernels.workers.length < 2) assert.deepEqual(multiply(kernels, any).c, c);
  await kernels.threads.close();
});

describe('the death of a thread is reported', () => {
  /** Until a thread takes part, and longer. */
  const multiplyOn = (kernels: ReturnType<typeof kernelsOn>) => {
    for (let i = 0; i < 100_000; i++) multiply(kernels, any);
  };

  test('if it dies between two calls', async () => {
    const kernels = kernelsOn(3);
    multiply(kernels, any);
    await kernels.workers[0]!.terminate();
    for (const _ of [1, 2]) {
      assert.throws(() => multiply(kernels, any), /a thread of .* died: exit code \d/);
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
    // The constants have room there, a packed matrix has none.
    const change = (init: WorkerInit) => ({ ...init, scratch: PAGES * 65_536 - 1024 });
    const kernels = kernelsOn(2, { change });
    assert.throws(() => multiplyOn(kernels), /a thread of .* died: its part of a kernel failed/);
    assert.throws(() => multiply(kernels, any), /its part of a kernel failed/);
    const [error] = await once(kernels.workers[0]!, 'error');
    assert.match(error.message, /out of bounds/);
  });

  test('if it stops responding after claiming a part', async () => {
    const mute = `
      import { workerData } from 'node:worker_threads';
      const words = new Int32Array(workerData.controlBlock);
      for (;;) {
        const ticket = Atomics.load(words, ${TICKET});
        const taken = ticket - 1;
        if (ticket & 0xff && Atomics.compareExchange(words, ${TICKET}, ticket, taken) === ticket) break;
      }
      setInterval(() => {}, 1000);
    `;
    const script = new URL(`data:text/javascript,${encodeURIComponent(mute)}`);
    const kernels = kernelsOn(2, { script, timeout: 1 });
    assert.throws(() => multiplyOn(kernels), /a thread of .* died: no response for 1 s/);
    await kernels.threads.close();
  });
});

/** What a process of its own prints that takes steps with an MLP on the backend `wasm`, after a change to its world. */
function stepsAfter(change: string): { name: string; reason?: string; parameters: string } {
  const source = `
    import { createHash } from 'node:crypto';
    import { createRequire, syncBuiltinESMExports } from 'node:module';
    import { setTimeout } from 'node:timers/promises';
        const require = createRequire(import.meta.url);
    ${change}
    syncBuiltinESMExports();
    const tf = await import('@tensorflow/tfjs-core');
    const { tryBackend } = await import('./src/backends/order.ts');
    const { openDevice } = await import('./src/backends/device.ts');
    const { groupGradient } = await import('./src/nn/small/trainableNetwork.ts');
    const { lossOf } = await import('./src/nn/module/loss.ts');
    const { buildModel } = await import('./src/nn/small/build.ts');
    const { report } = await tryBackend('wasm');
    await openDevice('wasm');
    const config = { architecture: 'mlp', hidden: [160] };
    const model = await buildModel(config, { input: [150], outputs: 7 }, 1, '.');
    const x = tf.randomNormal([64, 150], 0, 1, 'float32', 1);
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
    cwd: new URL('../../..', import.meta.url),
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

  test('without shared memory, on plain tfjs, and says so', () => {
    const { name, reason } = stepsAfter(`
      const { Memory } = WebAssembly;
      WebAssembly.Memory = function (descriptor) {
        if (descriptor.shared) throw new RangeError('no shared memory here');
        return new Memory(descriptor);
      };
    `);
    assert.equal(name, 'WebAssembly (SIMD, one thread)');
    assert.match(reason!, /^slow: .*: no shared memory here$/);
  });
});
