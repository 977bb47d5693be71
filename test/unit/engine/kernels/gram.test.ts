import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { gramOf } from '../../../../src/engine/gram.ts';
import { CHUNK } from '../../../../src/engine/kernels/layout.ts';
import { loadKernels } from '../../../../src/engine/kernels/load.ts';
import { ThreadPool } from '../../../../src/engine/kernels/pool.ts';
import { SharedGradients } from '../../../../src/engine/kernels/sharedGradients.ts';
import { SharedKernels } from '../../../../src/engine/kernels/sharedKernels.ts';
import { screen } from '../../../../src/engine/screen.ts';
import { aggregateShared } from '../../../../src/engine/worker.ts';
import { random } from '../random.ts';
import { assertClose, sharedOf } from './shared.ts';

/** Bounds promised by `SharedKernels.gram`, relative to ‖gᵢ‖‖gⱼ‖. */
const OF_FLOAT32 = 33 * 2 ** -24;
const OF_FLOAT64 = 1000 * 2 ** -53;

/** Entries of every size and sign: sums of their products cancel, and float32 would lose the small ones. */
function wildRows(k: number, d: number, seed: number): Float32Array[] {
  const { uniform } = random(seed);
  return Array.from({ length: k }, () =>
    Float32Array.from({ length: d }, () => (uniform() - 0.5) * 2 ** (16 * uniform())),
  );
}

describe('inner products', () => {
  let module: WebAssembly.Module;
  let kernels: SharedKernels;
  before(async () => {
    module = await loadKernels();
    kernels = new SharedKernels(module, new ThreadPool([]));
  });

  test('a vector in the place of the combination, with every gradient and itself', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 13 }),
        fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(CHUNK - 1, CHUNK + 5)),
        fc.nat(),
        async (k, d, seed) => {
          const rows = wildRows(k + 1, d, seed);
          const vector = rows[k]!;
          const shared = sharedOf(rows.slice(0, k));
          shared.writeVector(0, vector);
          const products = await kernels.products(shared.shards);
          const exact = gramOf(rows);
          for (let i = 0; i <= k; i++) {
            const length = Math.sqrt(exact[i * (k + 2)]! * exact.at(-1)!);
            const difference = Math.abs(products[i]! - exact[k * (k + 1) + i]!);
            assert.ok(difference <= OF_FLOAT64 * length, `row ${i}: ${difference} of ${length}`);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  const gram = async (rows: readonly Float32Array[]) => {
    return (await kernels.gram(sharedOf(rows).shards)).gram;
  };

  test('any k and d: within the bound of float64 up to a chunk', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 33 }),
        fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 3000 })),
        fc.nat(),
        async (k, d, seed) => {
          const rows = wildRows(k, d, seed);
          assertClose(await gram(rows), gramOf(rows), OF_FLOAT64);
        },
      ),
      { numRuns: 60 },
    ));

  test('any k and d: within the bound of float32 runs beyond a chunk', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 33 }),
        fc.integer({ min: 1, max: CHUNK + 300 }),
        fc.nat(),
        async (k, beyond, seed) => {
          const rows = wildRows(k, CHUNK + beyond, seed);
          assertClose(await gram(rows), gramOf(rows), OF_FLOAT32);
        },
      ),
      { numRuns: 6 },
    ));

  test('the borders of vectors, runs and chunks', async () => {
    for (const d of [0, 1, 3, 4, 5, 15, 16, 17, 127, 128, 129, CHUNK - 1, CHUNK]) {
      const rows = wildRows(3, d, d);
      assertClose(await gram(rows), gramOf(rows), OF_FLOAT64);
    }
    for (const d of [CHUNK + 1, CHUNK + 129, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 5]) {
      const rows = wildRows(3, d, d);
      assertClose(await gram(rows), gramOf(rows), OF_FLOAT32);
    }
  });

  test('large entries that cancel exactly leave what is beside them', async () => {
    const d = CHUNK + 128;
    const [a, b] = [new Float32Array(d), new Float32Array(d)];
    // ⟨a, b⟩ = Σ (2²⁴ − 2²⁴ + 1): in float32 runs the 1 may be lost, by no more than the bound.
    for (let x = 0; x + 2 < d; x += 3) {
      a.set([4096, 4096, 1], x);
      b.set([4096, -4096, 1], x);
    }
    const rows = [a, b];
    assertClose(await gram(rows), gramOf(rows), OF_FLOAT32);
    const short = rows.map((row) => row.subarray(0, CHUNK - 1));
    assert.deepEqual(await gram(short), gramOf(short));
  });

  test('the bound of float32 runs is nearly reached by rows made for it', async () => {
    // In each lane the first product is 1, and the 31 others are lost by rounding: nothing but half of the last bit each.
    const half = Math.sqrt(2 ** -24);
    const row = new Float32Array(CHUNK + 128).map((_, x) => (x % 128 < 4 ? 1 : half));
    const [exact, found] = [gramOf([row])[0]!, (await gram([row]))[0]!];
    const error = Math.abs(found - exact) / exact;
    assert.ok(error > 0.8 * OF_FLOAT32 && error <= OF_FLOAT32, `${error / OF_FLOAT32} bounds`);
  });

  test('whatever float32 cannot hold is summed in float64', async () => {
    const d = CHUNK + 1;
    const scaled = (scale: number) =>
      wildRows(3, d, 1).map((row, i) => (i === 1 ? row : row.map((x) => x * scale)));
    for (const scale of [1e-40, 1e-30, 1e-22, 1e20, 1e33]) {
      assertClose(await gram(scaled(scale)), gramOf(scaled(scale)), OF_FLOAT64);
    }
    // Here a good part of the products underflows, to no great loss.
    assertClose(await gram(scaled(1e-20)), gramOf(scaled(1e-20)), OF_FLOAT32);
  });

  test('a step so short that float32 would matter is decided in float64', async () => {
    const [a, b] = wildRows(2, CHUNK + 99, 4);
    for (const share of [1, 1e-4]) {
      const rows = [1, -1].map((sign) => a!.map((x, i) => sign * x + share * b![i]!));
      const request = { shards: sharedOf(rows).shards, aggregator: 'grain', options: {} } as const;
      const { gram, norm2 } = await aggregateShared(kernels, request);
      assert.ok(norm2 > 0);
      assertClose(gram, gramOf(rows), share === 1 ? OF_FLOAT32 : OF_FLOAT64);
      const runs = (await kernels.gram(request.shards)).gram;
      assert.equal(isDeepStrictEqual(gram, runs), share === 1);
    }
  });

  test('zero rows are exactly zero, equal rows have equal entries wherever they stand', async () => {
    for (const d of [1000, CHUNK + 1000]) {
      const [a, b] = wildRows(2, d, 5);
      const rows = [a!, a!, b!, new Float32Array(d), a!, b!, a!, a!, a!, a!];
      const found = await gram(rows);
      const same = [0, 1, 4, 6, 7, 8, 9];
      for (const i of same) {
        for (const j of same) assert.equal(found[i * 10 + j], found[0]);
        for (const j of [2, 5]) assert.equal(found[i * 10 + j], found[2]);
        assert.equal(found[i * 10 + 3], 0);
      }
      assert.equal(found[33], 0);
    }
  });

  test('a NaN or infinity spoils its own row and column only, and is recognised', async () => {
    for (const d of [10, CHUNK + 10]) {
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const rows = wildRows(9, d, 3);
        rows[4]![d - 1] = bad;
        const found = await gram(rows);
        const groups = screen({ gram: found });
        assert.deepEqual(groups.nonFinite, [4]);
        const others = rows.filter((_, i) => i !== 4);
        const rest = found.filter((_, at) => at % 9 !== 4 && Math.floor(at / 9) !== 4);
        assertClose(rest, gramOf(others), OF_FLOAT64);
      }
    }
  });

  test('not a bit depends on the number of threads, or on how many memories there are', async () => {
    const rows = wildRows(9, 4 * CHUNK + 77, 8);
    // Enough for the threads to be asked.
    assert.ok(9 * 4 * CHUNK > 2 ** 21);
    const expected = await gram(rows);
    const exact = await kernels.exactGram(sharedOf(rows).shards);
    for (const count of [1, 3]) {
      const file = new URL('../../../../src/engine/kernels/thread.ts', import.meta.url);
      const workers = Array.from({ length: count }, () => new Worker(file, { workerData: module }));
      const shared = new SharedKernels(module, new ThreadPool(workers));
      const { shards } = sharedOf(rows);
      for (let time = 0; time < 3; time++) {
        assert.deepEqual((await shared.gram(shards)).gram, expected);
        assert.deepEqual(await shared.exactGram(shards), exact);
      }
      await Promise.all(workers.map((worker) => worker.terminate()));
    }
    for (const reach of [4e6, 9e6]) {
      const { shards } = sharedOf(rows, new SharedGradients(reach));
      assert.ok(shards.length > 1);
      assert.deepEqual((await kernels.gram(shards)).gram, expected);
      assert.deepEqual(await kernels.exactGram(shards), exact);
    }
  });
});
