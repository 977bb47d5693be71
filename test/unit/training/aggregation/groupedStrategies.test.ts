import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { type Device, openDevice } from '../../../../src/backends/device.ts';
import { type AggregateEntry, resolvedAggregation } from '../../../../src/config/aggregation.ts';
import { aggregators } from '../../../../src/engine/aggregators/registry.ts';
import { EngineClient } from '../../../../src/engine/client.ts';
import type { GroupedSource, GroupGradient } from '../../../../src/nn/module/gradientSource.ts';
import { lossOf } from '../../../../src/nn/module/loss.ts';
import type { StackedGradient } from '../../../../src/nn/module/parameter.ts';
import { buildModel } from '../../../../src/nn/small/build.ts';
import { groupGradient, type TrainableNetwork } from '../../../../src/nn/small/trainableNetwork.ts';
import type { AggregatedStep } from '../../../../src/training/aggregation/aggregatedStep.ts';
import { StepAggregator } from '../../../../src/training/aggregation/stepAggregator.ts';
import { AdamW } from '../../../../src/training/optimizers/adamw.ts';
import { flat } from './groups.ts';

const K = 5;
const SIZES = [4, 4, 2, 3, 4];
const BLOCKS = [
  { name: 'hidden1', variables: [0, 1] },
  { name: 'head', variables: [2, 3] },
];
const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };

/** Gradients of groups of random examples. */
function gradientsOf(
  model: TrainableNetwork,
  sizes: readonly number[],
  seed: number,
): GroupGradient[] {
  return sizes.map((size, i) => {
    const x = tf.randomNormal([size, 6], 0, 1, 'float32', 1 + 10 * seed + i);
    const labels = Int32Array.from({ length: size }, (_, n) => (n + i) % 3);
    return groupGradient(model, lossOf.classification, x, tf.tensor1d(labels, 'int32'));
  });
}

/** The same gradients as from one pass: stacked, from the last layer to the first, flushed after each. */
function stackedSource(groups: readonly GroupGradient[], onFlush = () => {}): GroupedSource {
  return {
    kind: 'grouped',
    async run(sink) {
      const count = groups[0]!.gradients.length;
      for (let v = count - 1; v >= 0; v--) {
        sink.add(v, { stacked: tf.stack(groups.map(({ gradients }) => gradients[v]!)) });
        if (v % 2 === 0) {
          await sink.flush();
          onFlush();
        }
      }
      return groups.map(({ loss }) => loss.dataSync()[0]!);
    },
  };
}

const copied = (groups: readonly GroupGradient[]): GroupGradient[] =>
  groups.map(({ loss, gradients }) => ({
    loss: tf.clone(loss),
    gradients: gradients.map((gradient) => tf.clone(gradient)),
  }));

function assertNear(actual: ArrayLike<number>, expected: ArrayLike<number>, scale = 1): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    const isSame = Object.is(actual[i], expected[i]) || difference <= 1e-6 * scale;
    assert.ok(isSame, `entry ${i}: ${actual[i]} is not ${expected[i]}`);
  }
}

/** Whether two steps are the same but for rounding, where `grouped` may have let the gradients go. */
function assertSameStep(grouped: AggregatedStep, separate: AggregatedStep): void {
  assertNear(grouped.losses, separate.losses);
  if (separate.gram) {
    const scale = Math.max(...separate.gram.filter(Number.isFinite));
    assertNear(grouped.gram!, separate.gram, scale);
  } else assert.equal(grouped.gram, null);
  if (separate.weights) assertNear(grouped.weights!, separate.weights);
  else assert.equal(grouped.weights, null);
  assert.equal(grouped.blocks?.length, separate.blocks?.length);
  for (const [b, { name, weights }] of (separate.blocks ?? []).entries()) {
    assert.equal(grouped.blocks![b]!.name, name);
    assertNear(grouped.blocks![b]!.weights, weights);
  }
  assert.equal(grouped.gradients === null, separate.gradients === null);
  for (const [v, gradient] of (separate.gradients ?? []).entries()) {
    const [ours, theirs] = [grouped.gradients![v]!, gradient];
    assert.deepEqual(ours.shape, theirs.shape);
    assertNear(ours.dataSync(), theirs.dataSync(), Math.max(...theirs.dataSync().map(Math.abs)));
  }
  assert.deepEqual(
    grouped.warnings.map(({ code, groups }) => ({ code, groups })),
    separate.warnings.map(({ code, groups }) => ({ code, groups })),
  );
}

/** As JSON the same but for rounding. */
function assertSameMemory(one: unknown, other: unknown): void {
  const [ours, theirs] = [one, other].map((memory) => JSON.stringify(memory ?? null));
  const number = /-?\d[\d.e-]*/g;
  assert.equal(ours!.replace(number, '#'), theirs!.replace(number, '#'));
  assertNear([...ours!.matchAll(number)].map(Number), [...theirs!.matchAll(number)].map(Number));
}

const entries: AggregateEntry[] = [
  ...Object.values(aggregators).map(({ name }) => name),
  { name: 'mean', metric: 'euclidean', smoothing: 0.5 },
  { name: 'grain-layerwise', metric: 'euclidean', smoothing: 0.5 },
  { name: 'mean', metric: 'euclidean', smoothing: 0, guard: true },
  { name: 'grain-layerwise', metric: 'euclidean', smoothing: 0, guard: true },
  { name: 'grain', metric: 'preconditioned', smoothing: 0 },
  { name: 'grain-layerwise', metric: 'preconditioned', smoothing: 0 },
];

/** Tensors in this memory, as if on a GPU, and with kernels for stacks. */
const places = [
  ['cpu', 'cpu', (device: Device) => device],
  ['cpu, as if far away', 'cpu', (device: Device) => ({ ...device, hostMemory: false })],
  ['wasm', 'wasm', (device: Device) => device],
] as const;

for (const [place, backend, seen] of places) {
  describe(`gradients of all groups from one pass: ${place}`, () => {
    let device: Device;
    let engine: EngineClient;
    let model: TrainableNetwork;
    before(async () => {
      device = seen(await openDevice(backend));
      engine = EngineClient.start();
      const shape = { input: [6], outputs: 3 };
      model = await buildModel({ architecture: 'mlp', hidden: [8] }, shape, 1, '.');
    });
    after(() => engine.close());

    const shapes = () => model.trainable.map(({ shape }) => shape);

    function aggregatorOf(entry: AggregateEntry, zeroGroups: 'drop' | 'stop' | 'error' = 'drop') {
      const optimizer = new AdamW(adam);
      return new StepAggregator(engine, device, {
        aggregation: resolvedAggregation(entry, zeroGroups),
        blocks: BLOCKS,
        shapes: shapes(),
        preconditioner: (gradients, shares) => {
          const root = optimizer.prepare(model.trainable, gradients, shares);
          optimizer.dispose();
          return root;
        },
      });
    }

    /** Takes steps with the gradients as one pass gives them, and one after another. */
    async function compare(
      entry: AggregateEntry,
      steps: readonly GroupGradient[][],
      zeroGroups: 'drop' | 'stop' = 'drop',
    ): Promise<void> {
      const together = aggregatorOf(entry, zeroGroups);
      const apart = aggregatorOf(entry, zeroGroups);
      for (const [seed, groups] of steps.entries()) {
        const turn = { sizes: SIZES, groups: [2, 0, 1, 4, 3], seed };
        const before = tf.memory().numTensors;
        const grouped = await together.aggregate(stackedSource(groups), turn);
        const held = tf.memory().numTensors;
        const separate = await apart.aggregate({ kind: 'separate', groups: copied(groups) }, turn);
        assertSameStep(grouped, separate);
        // A guard needs the gradients after the update.
        assert.ok(grouped.measure || typeof entry === 'string' || !entry.guard);
        if (grouped.measure && separate.measure) {
          const vector = model.trainable;
          const [ours, theirs] = [await grouped.measure(vector), await separate.measure(vector)];
          const longest = Math.max(...separate.gram!.filter(Number.isFinite));
          const scale = Math.sqrt(theirs.norm2 * longest);
          assertNear([ours.norm2], [theirs.norm2], theirs.norm2);
          assertNear(ours.inner, theirs.inner, scale);
          const coefficients = Float64Array.of(0.5, 0, 2, 0, -1);
          const sums = [grouped, separate].map((step) => step.combine!(coefficients));
          for (const [v, sum] of sums[0]!.entries()) {
            assertNear(sum.dataSync(), sums[1]![v]!.dataSync(), Math.sqrt(longest));
          }
          tf.dispose(sums.flat());
        }
        separate.dispose();
        grouped.dispose();
        assert.ok(held > before);
        assert.equal(tf.memory().numTensors, before);
        assertSameMemory(together.memory, apart.memory);
      }
    }

    for (const entry of entries) {
      test(`the same as separate gradients: ${JSON.stringify(entry)}`, () =>
        compare(
          entry,
          [1, 2, 3].map((seed) => gradientsOf(model, SIZES, seed)),
        ));

      test(`a group that is not finite, known only at the end of the pass: ${JSON.stringify(entry)}`, async () => {
        const groups = gradientsOf(model, SIZES, 7);
        const first = groups[3]!.gradients[0]!;
        (groups[3]!.gradients as tf.Tensor[])[0] = tf.mul(first, Number.NaN);
        await compare(entry, [groups, gradientsOf(model, SIZES, 8)]);
      });
    }

    test('the pass is repeated only if a group turns out not to be finite after blocks are done', async () => {
      for (const [variable, runs] of [
        [3, 1],
        [0, 2],
      ] as const) {
        const groups = gradientsOf(model, SIZES, 7);
        const gradients = groups[3]!.gradients as tf.Tensor[];
        gradients[variable] = tf.mul(gradients[variable]!, Number.POSITIVE_INFINITY);
        let count = 0;
        const source = stackedSource(groups);
        const counted: GroupedSource = {
          ...source,
          run(sink) {
            count++;
            return source.run(sink);
          },
        };
        const step = await aggregatorOf('grain-layerwise').aggregate(counted, { sizes: SIZES });
        assert.equal(count, runs);
        assert.ok(step.blocks!.every(({ weights }) => weights[3] === 0));
        step.dispose();
      }
    });

    test('a zero gradient: left out or step skipped', async () => {
      for (const zeroGroups of ['drop', 'stop'] as const) {
        for (const entry of ['grain', 'grain-layerwise', 'mean'] as const) {
          const groups = gradientsOf(model, SIZES, 4);
          groups[1] = { ...groups[1]!, gradients: model.trainable.map((v) => tf.zerosLike(v)) };
          await compare(entry, [groups], zeroGroups);
        }
      }
    });

    test('a zero gradient as an error leaves nothing in memory', async () => {
      const groups = gradientsOf(model, SIZES, 4);
      groups[1] = { ...groups[1]!, gradients: model.trainable.map((v) => tf.zerosLike(v)) };
      for (const entry of ['grain', 'grain-layerwise'] as const) {
        const before = tf.memory().numTensors;
        const step = aggregatorOf(entry, 'error').aggregate(stackedSource(groups), {
          sizes: SIZES,
        });
        await assert.rejects(step, { name: 'ZeroGroupError' });
        assert.equal(tf.memory().numTensors, before);
      }
    });

    test('a pass that fails leaves nothing in memory', async () => {
      const groups = gradientsOf(model, SIZES, 4);
      for (const entry of ['grain', 'grain-layerwise', 'mean', 'graddrop'] as const) {
        const before = tf.memory().numTensors;
        const broken: GroupedSource = {
          kind: 'grouped',
          async run(sink) {
            sink.add(3, { stacked: tf.stack(groups.map(({ gradients }) => gradients[3]!)) });
            sink.add(2, { stacked: tf.stack(groups.map(({ gradients }) => gradients[2]!)) });
            await sink.flush();
            throw new Error('out of memory');
          },
        };
        const step = aggregatorOf(entry).aggregate(broken, { sizes: SIZES });
        await assert.rejects(step, /out of memory/);
        assert.equal(tf.memory().numTensors, before);
      }
    });

    test('by layers, and for the mean, only the gradients of one block are in memory', async () => {
      const groups = gradientsOf(model, SIZES, 5);
      const sizes = model.trainable.map(({ size }) => size);
      for (const [entry, isKept] of [
        ['grain', true],
        ['grain-layerwise', false],
        ['mean', false],
      ] as const) {
        const before = tf.memory().numBytes;
        const held: number[] = [];
        const source = stackedSource(groups, () => held.push(tf.memory().numBytes - before));
        const step = await aggregatorOf(entry).aggregate(source, { sizes: SIZES });
        // After each layer: d so far, or the gradients of every group.
        const each = isKept ? K : 1;
        const head = 4 * (sizes[2]! + sizes[3]!);
        assert.deepEqual(held, [each * head, each * (head + 4 * (sizes[0]! + sizes[1]!))]);
        assert.equal(step.measure === null, !isKept);
        step.dispose();
      }
    });

    test('one group, the mean: plain training bit for bit', async () => {
      const [group] = gradientsOf(model, [6], 9);
      for (const entry of ['mean', 'grain'] as const) {
        const step = await aggregatorOf(entry).aggregate(stackedSource([group!]), { sizes: [6] });
        assert.deepEqual(flat(step.gradients!), flat(group!.gradients));
        step.dispose();
      }
    });

    describe('an embedding of which each step reads some rows', () => {
      const k = 4;
      const shape = [7, 3];
      const names = ['rows alone', 'rows twice', 'all rows, then some', 'some, then all'] as const;

      for (const name of names) {
        for (const entry of ['grain', 'grain-layerwise', 'mean', 'grain-streaming'] as const) {
          test(`${name}: ${entry}`, async () => {
            const { parts, sum } = partsOf(name);
            const rest = random([k, 2], 2);
            const source = (of: readonly StackedGradient[]): GroupedSource => ({
              kind: 'grouped',
              tied: [0],
              async run(sink) {
                for (const part of of) {
                  sink.add(0, { ...part, stacked: tf.clone(part.stacked) });
                  await sink.flush();
                }
                sink.add(1, { stacked: tf.clone(rest) });
                return new Array<number>(k).fill(1);
              },
            });
            const take = (of: readonly StackedGradient[]) =>
              new StepAggregator(engine, device, {
                aggregation: resolvedAggregation(entry, 'drop'),
                blocks: [
                  { name: 'table', variables: [0] },
                  { name: 'rest', variables: [1] },
                ],
                shapes: [shape, [2]],
              }).aggregate(source(of), { sizes: [1, 1, 1, 1] });
            const vector = [random(shape, 5), random([2], 6)];
            const before = tf.memory().numTensors;
            const ours = await take(parts);
            const theirs = await take([{ stacked: sum }]);
            assertSameStep(ours, theirs);
            if (ours.measure) {
              const [one, other] = [await ours.measure(vector), await theirs.measure!(vector)];
              assertNear([one.norm2, ...one.inner], [other.norm2, ...other.inner], other.norm2);
            }
            ours.dispose();
            theirs.dispose();
            assert.equal(tf.memory().numTensors, before);
          });
        }
      }

      /** Gradients of the table in parts, and their sum on all rows. */
      function partsOf(name: (typeof names)[number]) {
        const whole = { stacked: random([k, ...shape], 1) };
        const some = { stacked: random([k, 3, 3], 3), rows: Int32Array.of(1, 4, 6) };
        const more = { stacked: random([k, 2, 3], 4), rows: Int32Array.of(0, 4) };
        switch (name) {
          case 'rows alone':
            return { parts: [some], sum: widened(some) };
          case 'rows twice':
            return { parts: [more, some], sum: tf.add(widened(more), widened(some)) };
          case 'all rows, then some':
            return { parts: [whole, some], sum: tf.add(whole.stacked, widened(some)) };
          case 'some, then all':
            return { parts: [more, whole], sum: tf.add(whole.stacked, widened(more)) };
        }
      }

      /** As if the other rows had gradients of 0. */
      function widened({ stacked, rows }: { stacked: tf.Tensor; rows: Int32Array }): tf.Tensor {
        const width = shape[1]!;
        const ofRow = (row: number) => {
          const at = rows.indexOf(row);
          return at < 0 ? tf.zeros([k, 1, width]) : tf.slice(stacked, [0, at, 0], [k, 1, width]);
        };
        return tf.concat(
          Array.from({ length: shape[0]! }, (_, row) => ofRow(row)),
          1,
        );
      }

      function random(of: number[], seed: number): tf.Tensor {
        return tf.randomNormal(of, 0, 1, 'float32', seed);
      }
    });
  });
}
