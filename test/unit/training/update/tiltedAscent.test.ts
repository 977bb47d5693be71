import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { type Device, openDevice } from '../../../../src/backends/device.ts';
import { resolvedAggregation } from '../../../../src/config/aggregation.ts';
import { EngineClient } from '../../../../src/engine/client.ts';
import type { GradientSource } from '../../../../src/nn/module/gradientSource.ts';
import { StepAggregator } from '../../../../src/training/aggregation/stepAggregator.ts';
import { tiltedUphill } from '../../../../src/training/update/tiltedAscent.ts';

let device: Device;
let engine: EngineClient;
before(async () => {
  device = await openDevice('cpu');
  engine = EngineClient.start();
});
after(async () => {
  await engine.close();
  await device.close();
});

/** θ in two variables, of which the second is seen by its last row only. */
const START = [1, -2, 7, 7, 0.5, 3];
/** Loss of group i: ½cᵢ‖θ − aᵢ‖² over what is seen. */
const GROUPS = [
  { c: 1, a: [0, 1, 2, -1], size: 1 },
  { c: 3, a: [2, -2, 0, 1], size: 3 },
];
const SHARES = [1 / 4, 3 / 4];

const seenOf = (all: readonly number[]) => [...all.slice(0, 2), ...all.slice(4)];
const lossOf = ({ c, a }: (typeof GROUPS)[number], seen: readonly number[]) =>
  seen.reduce((sum, x, i) => sum + 0.5 * c * (x - a[i]!) ** 2, 0);
const gradientOf = ({ c, a }: (typeof GROUPS)[number], seen: readonly number[]) =>
  seen.map((x, i) => c * (x - a[i]!));
const meanOf = (rows: readonly (readonly number[])[], weights: readonly number[]) =>
  rows[0]!.map((_, i) => rows.reduce((sum, row, j) => sum + weights[j]! * row[i]!, 0));
const minus = (a: readonly number[], b: readonly number[]) => a.map((x, i) => x - b[i]!);
const close = (actual: readonly number[], expected: readonly number[]) => {
  assert.equal(actual.length, expected.length);
  for (const [i, value] of actual.entries()) {
    assert.ok(Math.abs(value - expected[i]!) < 1e-5, `${actual} instead of ${expected}`);
  }
};

/** What TSAM gives, and where its passes were. */
async function tilted(
  kind: GradientSource['kind'],
  neighborhood: { samples: number; noise: number; tilt: number },
  { step = 4, radius = 0.5, fail = false } = {},
) {
  const variables = tf.tidy(() => [
    tf.variable(tf.tensor1d(START.slice(0, 2))),
    tf.variable(tf.tensor2d(START.slice(2), [2, 2])),
  ]);
  const valuesNow = () => variables.flatMap((variable) => [...variable.dataSync()]);
  const places: number[][] = [];
  const source = (): GradientSource => {
    const now = valuesNow();
    places.push(now);
    if (fail && places.length === 2) throw new Error('out of memory');
    const rows = GROUPS.map((group) => gradientOf(group, seenOf(now)));
    const losses = GROUPS.map((group) => lossOf(group, seenOf(now)));
    if (kind === 'separate') {
      const groups = rows.map(([a, b, c, d], i) => ({
        loss: tf.scalar(losses[i]!),
        gradients: [tf.tensor1d([a!, b!]), tf.tensor2d([0, 0, c!, d!], [2, 2])],
      }));
      return { kind, groups };
    }
    return {
      kind,
      run: async (sink) => {
        sink.add(0, { stacked: tf.tensor2d(rows.map((row) => row.slice(0, 2))) });
        const last = rows.map((row) => [row.slice(2)]);
        sink.add(1, { stacked: tf.tensor3d(last), rows: Int32Array.of(1) });
        return losses;
      },
    };
  };
  const sizes = GROUPS.map(({ size }) => size);
  const aggregator = new StepAggregator(engine, device, {
    aggregation: resolvedAggregation('mean', 'drop'),
    blocks: [{ name: 'all', variables: [0, 1] }],
    shapes: variables.map(({ shape }) => shape),
  });
  const mean = () => aggregator.aggregate(source(), { sizes });
  const passes = { device, variables, sizes, source, mean, seed: 3, step };
  try {
    const gradients = await tiltedUphill(passes, { radius, eta: null, neighborhood });
    const stacks: number[][] = [];
    const losses = await gradients.source.run({
      add: (v, { stacked, rows }) => {
        assert.deepEqual(rows, v === 1 && kind === 'grouped' ? Int32Array.of(1) : undefined);
        stacks[v] = [...stacked.dataSync()];
        stacked.dispose();
      },
      flush: async () => {},
    });
    gradients.dispose();
    return { places, stacks, losses };
  } finally {
    assert.deepEqual(valuesNow(), START);
    tf.dispose(variables);
  }
}

describe('TSAM', () => {
  for (const kind of ['grouped', 'separate'] as const) {
    test(`Σ sⱼ∇L(θ + εⱼ) of ${kind} gradients, s = softmax(tL), from random places of one distance`, async () => {
      const tensors = tf.memory().numTensors;
      const { places, stacks, losses } = await tilted(kind, { samples: 3, noise: 0.8, tilt: 2 });
      assert.equal(tf.memory().numTensors, tensors);
      assert.equal(places.length, 6);
      const directions = [0, 2, 4].map((at) => minus(places[at]!, START));
      for (const offset of directions) close([Math.hypot(...offset)], [0.8]);
      assert.notDeepEqual(directions[0], directions[1]);
      const uphill = [1, 3, 5].map((at) => places[at]!);
      for (const [j, place] of uphill.entries()) {
        const from = places[2 * j]!;
        const mean = meanOf(
          GROUPS.map((group) => gradientOf(group, seenOf(from))),
          SHARES,
        );
        const length = Math.hypot(...mean);
        close(
          minus(seenOf(place), seenOf(from)),
          mean.map((it) => (0.5 * it) / length),
        );
      }
      const each = uphill.map((place) => GROUPS.map((group) => lossOf(group, seenOf(place))));
      const powers = each.map((own) => Math.exp(2 * (own[0]! * SHARES[0]! + own[1]! * SHARES[1]!)));
      const total = powers.reduce((sum, it) => sum + it, 0);
      const s = powers.map((it) => it / total);
      assert.ok(
        s.every((it) => it > 1e-4),
        `no place decides alone: ${s}`,
      );
      close(losses, meanOf(each, s));
      const expected = GROUPS.map((group) =>
        meanOf(
          uphill.map((place) => gradientOf(group, seenOf(place))),
          s,
        ),
      );
      close(
        stacks[0]!,
        expected.flatMap((row) => row.slice(0, 2)),
      );
      const last = expected.flatMap((row) =>
        kind === 'grouped' ? row.slice(2) : [0, 0, ...row.slice(2)],
      );
      close(stacks[1]!, last);
    });
  }

  test('without noise it is SAM, whatever the tilt', async () => {
    const { places, stacks } = await tilted('grouped', { samples: 2, noise: 0, tilt: 5 });
    assert.deepEqual(places[1], places[3]);
    close(
      stacks[0]!,
      GROUPS.flatMap((group) => gradientOf(group, seenOf(places[1]!)).slice(0, 2)),
    );
  });

  test('places are those of the step, and others in the next', async () => {
    const neighborhood = { samples: 1, noise: 1, tilt: 0 };
    const [first, again, next] = [
      await tilted('grouped', neighborhood),
      await tilted('separate', neighborhood),
      await tilted('grouped', neighborhood, { step: 5 }),
    ];
    assert.deepEqual(first.places[0], again.places[0]);
    assert.notDeepEqual(first.places[0], next.places[0]);
  });

  test('the parameters are back also where a pass fails, and no tensor is left', async () => {
    const tensors = tf.memory().numTensors;
    const failing = tilted('grouped', { samples: 2, noise: 1, tilt: 1 }, { fail: true });
    await assert.rejects(failing, /out of memory/);
    assert.equal(tf.memory().numTensors, tensors);
  });
});
