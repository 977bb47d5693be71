import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { type Device, openDevice } from '../../../../src/backends/device.ts';
import { type AggregateEntry, resolvedAggregation } from '../../../../src/config/aggregation.ts';
import { aggregate } from '../../../../src/engine/aggregate.ts';
import { gradDrop } from '../../../../src/engine/aggregators/graddrop.ts';
import { aggregators } from '../../../../src/engine/aggregators/registry.ts';
import { EngineClient } from '../../../../src/engine/client.ts';
import { gramOf } from '../../../../src/engine/gram.ts';
import { stepRandom } from '../../../../src/engine/seededRandom.ts';
import type { AggregatorName } from '../../../../src/engine/types.ts';
import type { GroupGradient } from '../../../../src/nn/module/gradientSource.ts';
import { parameterBlocks } from '../../../../src/training/aggregation/blocks.ts';
import { dropOnDevice } from '../../../../src/training/aggregation/direction.ts';
import { gramOfParts, measure } from '../../../../src/training/aggregation/products.ts';
import { StepAggregator } from '../../../../src/training/aggregation/stepAggregator.ts';
import { combine, distance, dot, norm } from '../../engine/vectors.ts';
import { flat, float32Rows, groupsOf, separateOf } from './groups.ts';

const blocks = [
  { name: 'first', variables: [0] },
  { name: 'second', variables: [1] },
];
const turnOf = (k: number) => ({ sizes: new Array<number>(k).fill(3) });

/** A device as it is, and as if its tensors were far away. */
const memories = [
  ['host', (device: Device) => device],
  ['device', (device: Device) => ({ ...device, hostMemory: false })],
] as const;

describe('one step of every aggregator', () => {
  let device: Device;
  let engine: EngineClient;
  before(async () => {
    device = await openDevice('cpu');
    engine = EngineClient.start();
  });
  after(() => engine.close());

  const aggregatorOf = (entry: AggregateEntry, on: Device = device) =>
    new StepAggregator(engine, on, { aggregation: resolvedAggregation(entry, 'drop'), blocks });

  for (const [memory, seen] of memories) {
    for (const { name } of Object.values(aggregators)) {
      test(`${name} on ${memory} memory: d agrees with the facts, and no tensor is left`, async () => {
        const before = tf.memory().numTensors;
        const rows = float32Rows(5, 40, 7);
        const step = await aggregatorOf(name, seen(device)).aggregate(separateOf(rows), turnOf(5));
        const d = flat(step.gradients!);
        const scale = norm(d) * Math.max(...rows.map(norm));
        if (step.blocks) {
          const parts = [rows.map((row) => row.subarray(0, 2)), rows.map((row) => row.subarray(2))];
          const expected = parts.flatMap((part, b) =>
            Array.from(combine(part, step.blocks![b]!.weights)),
          );
          assert.ok(distance(d, Float64Array.from(expected)) < 1e-5 * norm(d));
        } else if (step.weights) {
          assert.ok(distance(d, combine(rows, step.weights)) < 1e-5 * norm(d));
        } else {
          assert.ok(Math.abs(step.direct!.norm2 - dot(d, d)) < 1e-5 * dot(d, d));
          for (const [i, row] of rows.entries()) {
            assert.ok(Math.abs(step.direct!.inner[i]! - dot(d, row)) < 1e-5 * scale);
          }
        }
        if (step.gram) {
          const gram = gramOf(rows);
          for (const [at, entry] of gram.entries()) {
            assert.ok(Math.abs(step.gram[at]! - entry) < 1e-5 * gram[0]!);
          }
        }
        assert.deepEqual([...step.losses], [0, 1, 2, 3, 4]);
        step.dispose();
        assert.equal(tf.memory().numTensors, before);
      });
    }
  }

  test('decisions from a Gram matrix are the engine’s, with random numbers and memory', async () => {
    const first = float32Rows(4, 12, 1);
    const second = float32Rows(4, 12, 2);
    const groups = [3, 1, 4, 5];
    const aggregator = aggregatorOf('gradvac');
    const turn = { ...turnOf(4), groups, seed: 11 };
    const one = await aggregator.aggregate(separateOf(first), turn);
    const two = await aggregator.aggregate(separateOf(second), { ...turn, seed: 12 });
    const options = { sizes: turn.sizes, groups };
    const expected = aggregate({ gram: one.gram!, ...options, seed: 11 }, 'gradvac');
    const then = aggregate(
      { gram: two.gram!, ...options, seed: 12, memory: expected.memory! },
      'gradvac',
    );
    assert.deepEqual(one.weights, expected.weights);
    assert.deepEqual(two.weights, then.weights);
    assert.deepEqual(aggregator.memory, then.memory);
  });

  for (const entry of [
    'gradvac',
    { name: 'grain-layerwise', metric: 'euclidean', smoothing: 0.9 },
  ] as const) {
    test(`memory read back from JSON gives the same bits: ${JSON.stringify(entry)}`, async () => {
      const whole = aggregatorOf(entry);
      const steps = [1, 2, 3, 4].map((seed) => float32Rows(3, 30, seed));
      const take = async (aggregator: StepAggregator, rows: Float64Array[], seed: number) =>
        (await aggregator.aggregate(separateOf(rows), { ...turnOf(3), seed })).weights;
      for (const [seed, rows] of steps.slice(0, 2).entries()) await take(whole, rows, seed);
      const resumed = aggregatorOf(entry);
      resumed.memory = JSON.parse(JSON.stringify(whole.memory));
      const forgetful = aggregatorOf(entry);
      const expected = await take(whole, steps[2]!, 2);
      assert.deepEqual(await take(resumed, steps[2]!, 2), expected);
      assert.notDeepEqual(await take(forgetful, steps[2]!, 2), expected);
    });
  }

  test('blocks: each has its own GRAIN weights; the weights of the step are their mean by trace', async () => {
    const rows = float32Rows(4, 30, 5);
    const step = await aggregatorOf('grain-layerwise').aggregate(separateOf(rows), turnOf(4));
    const parts = [rows.map((row) => row.subarray(0, 2)), rows.map((row) => row.subarray(2))];
    const traces = parts.map((part) => part.reduce((sum, row) => sum + dot(row, row), 0));
    for (const [b, part] of parts.entries()) {
      assert.deepEqual(
        step.blocks![b]!.weights,
        aggregate({ gram: gramOf(part), sizes: [3, 3, 3, 3] }, 'grain').weights,
      );
    }
    for (const [i, weight] of step.weights!.entries()) {
      const [a, b] = step.blocks!.map(({ weights }) => weights[i]!);
      const mean = (traces[0]! * a! + traces[1]! * b!) / (traces[0]! + traces[1]!);
      assert.ok(Math.abs(weight - mean) < 1e-12);
    }
  });

  test('a group that is not finite is left out by all aggregators of whole gradients, with a warning', async () => {
    const rows = float32Rows(3, 6, 3);
    rows[1]![4] = Number.NaN;
    for (const name of ['grain-layerwise', 'grain-streaming', 'graddrop'] as const) {
      const step = await aggregatorOf(name).aggregate(separateOf(rows), turnOf(3));
      assert.ok(flat(step.gradients!).every(Number.isFinite), name);
      assert.equal(step.weights?.[1] ?? 0, 0);
      assert.deepEqual(
        step.warnings.map(({ code, groups }) => [code, groups]),
        [['non-finite-group', [1]]],
      );
    }
  });

  test('gradients that are all zero or not finite: no direction', async () => {
    const nothing: Record<string, number> = { 'grain-layerwise': 0, 'grain-streaming': 0 };
    for (const [name, entry] of [...Object.entries(nothing), ['graddrop', Number.NaN] as const]) {
      const rows = [1, 2].map(() => new Float64Array(4).fill(entry));
      const aggregator = aggregatorOf(name as AggregatorName);
      const step = await aggregator.aggregate(separateOf(rows), turnOf(2));
      assert.equal(step.gradients, null, name);
    }
  });

  describe('grain-streaming', () => {
    /** Gradients computed on request; records the bytes in memory then. */
    function* lazily(rows: readonly Float64Array[], bytes: number[]): Generator<GroupGradient> {
      for (const row of rows) {
        bytes.push(tf.memory().numBytes);
        yield groupsOf([row])[0]!;
      }
    }

    test('holds d and one gradient at a time, however many groups there are', async () => {
      const d = 1000;
      for (const k of [2, 30]) {
        const before = tf.memory().numBytes;
        const bytes: number[] = [];
        const rows = lazily(float32Rows(k, d, 1), bytes);
        const step = await aggregatorOf('grain-streaming').aggregate(
          { kind: 'separate', groups: rows },
          turnOf(k),
        );
        assert.equal(bytes.length, k);
        assert.equal(bytes[0], before);
        for (const held of bytes.slice(1)) assert.equal(held - before, 4 * d, 'd alone');
        step.dispose();
        assert.equal(tf.memory().numBytes, before);
      }
      const bytes: number[] = [];
      const before = tf.memory().numBytes;
      const rows = lazily(float32Rows(30, d, 1), bytes);
      const together = await aggregatorOf('grain').aggregate(
        { kind: 'separate', groups: rows },
        turnOf(30),
      );
      assert.ok(bytes.at(-1)! - before >= 29 * 4 * d, 'GRAIN holds all of them');
      together.dispose();
    });

    test('has the weights that the engine finds from the Gram matrix, and logs each arrival', async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.integer(), async (k, seed) => {
          const rows = float32Rows(k, 12, seed);
          const step = await aggregatorOf('grain-streaming').aggregate(separateOf(rows), turnOf(k));
          const expected = aggregate({ gram: gramOf(rows) }, 'grain-streaming').weights;
          for (const [i, weight] of expected.entries()) {
            assert.ok(Math.abs(step.weights![i]! - weight) < 1e-5);
          }
          const arrivals = step.streaming!;
          assert.deepEqual(arrivals.at(-1)!.weights, Array.from(step.weights!));
          let d = new Float64Array(12);
          for (const [i, { inner, norm2, weights, direction2 }] of arrivals.entries()) {
            const scale = Math.max(...rows.map(norm)) ** 2;
            assert.equal(weights.length, i + 1);
            assert.ok(Math.abs(inner! - dot(d, rows[i]!)) < 1e-5 * scale);
            assert.ok(Math.abs(norm2! - dot(rows[i]!, rows[i]!)) < 1e-5 * scale);
            d = combine(rows.slice(0, i + 1), weights) as Float64Array<ArrayBuffer>;
            assert.ok(Math.abs(direction2! - dot(d, d)) < 1e-5 * scale);
          }
          step.dispose();
        }),
        { numRuns: 30 },
      );
    });

    test('a zero gradient: left out, step skipped, or an error', async () => {
      const rows = [float32Rows(1, 4, 1)[0]!, new Float64Array(4), float32Rows(1, 4, 2)[0]!];
      const settings = { name: 'grain-streaming', metric: 'euclidean', smoothing: 0 } as const;
      const take = (zeroGroups: 'drop' | 'stop' | 'error') =>
        aggregatorOf({ ...settings, zeroGroups }).aggregate(
          { kind: 'separate', groups: lazily(rows, []) },
          turnOf(3),
        );
      const dropped = await take('drop');
      const without = await aggregatorOf(settings).aggregate(
        separateOf([rows[0]!, rows[2]!]),
        turnOf(2),
      );
      assert.deepEqual(flat(dropped.gradients!), flat(without.gradients!));
      assert.equal(dropped.weights![1], 0);
      const before = tf.memory().numTensors;
      const stopped = await take('stop');
      assert.equal(stopped.gradients, null);
      assert.deepEqual([...stopped.weights!], [0, 0, 0]);
      await assert.rejects(take('error'), { name: 'ZeroGroupError' });
      assert.equal(tf.memory().numTensors, before);
    });
  });

  test('GradDrop uses the same random numbers on host and device, and equals the engine’s', async () => {
    for (const leak of [0, 0.3, 1]) {
      const rows = float32Rows(4, 500, 3);
      const tensors = rows.map((row) => tf.tensor1d(Array.from(row)));
      const expected = gradDrop(rows, leak, 17);
      const onDevice = dropOnDevice(tensors, leak, stepRandom(17)).dataSync();
      const entry = { name: 'graddrop', metric: 'euclidean', smoothing: 0, leak } as const;
      const step = await aggregatorOf(entry).aggregate(separateOf(rows), {
        ...turnOf(4),
        seed: 17,
      });
      const onHost = flat(step.gradients!);
      for (const [at, value] of expected.entries()) {
        assert.ok(Math.abs(onDevice[at]! - value) < 1e-6);
        assert.ok(Math.abs(onHost[at]! - value) < 1e-6);
      }
    }
  });

  test('inner products are those of the vectors, summed on the host in float64', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 3, max: 40 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer(),
        async (d, k, seed) => {
          const rows = float32Rows(k + 1, d, seed);
          const parts = groupsOf(rows).map(({ gradients }) => gradients);
          const { norm2, inner } = await measure(device, parts[0]!, parts.slice(1));
          for (const [i, product] of [norm2, ...inner].entries()) {
            const scale = norm(rows[0]!) * norm(rows[i]!);
            assert.ok(Math.abs(product - dot(rows[0]!, rows[i]!)) <= 1e-13 * scale);
          }
          const gram = await gramOfParts(device, parts);
          const exact = gramOf(rows);
          for (const [at, entry] of gram.entries()) {
            assert.ok(Math.abs(entry - exact[at]!) <= 1e-13 * Math.max(...exact));
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

test('blocks are layers; small ones are bundled, and a remainder joins the last', () => {
  const layers = [50, 3000, 20, 1004, 8].map((size, i) => ({
    size,
    layer: { name: `l${i}`, variables: [2 * i, 2 * i + 1] },
  }));
  const sizes = layers.flatMap(({ size }) => [size - 5, 5]);
  const bundled = parameterBlocks(
    layers.map(({ layer }) => layer),
    sizes,
  );
  assert.deepEqual(bundled, [
    { name: 'l0+l1', variables: [0, 1, 2, 3] },
    { name: 'l2+l3+l4', variables: [4, 5, 6, 7, 8, 9] },
  ]);
  assert.deepEqual(parameterBlocks([{ name: 'only', variables: [0] }], [3]), [
    { name: 'only', variables: [0] },
  ]);
});
