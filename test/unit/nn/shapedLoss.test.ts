import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { type LossShape, plainLoss } from '../../../src/config/techniques/description.ts';
import { lossShapeOf } from '../../../src/config/techniques/registry.ts';
import { keyedRandom } from '../../../src/engine/keyedRandom.ts';
import { shapedLoss } from '../../../src/nn/module/shapedLoss.ts';

/** Probabilities 0.25 and 0.75. */
const QUARTER = [0, Math.log(3)];
const [LOG_4, LOG_4_3] = [Math.log(4), Math.log(4 / 3)];

function lossOf(
  shape: Partial<LossShape>,
  rows: readonly (readonly number[])[],
  targets: readonly number[],
  bounds = [0, rows.length],
) {
  const [outputs, width] = [Float32Array.from(rows.flat()), rows[0]!.length];
  const task = 'classification' as const;
  return shapedLoss({ ...plainLoss, ...shape }, { task, outputs, width, targets, bounds });
}

const close = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-6, `${actual} instead of ${expected}`);

const counted = (counts: number[]) => ({ names: counts.map((_, c) => `c${c}`), counts });

describe('by hand', () => {
  test('plain: cross-entropy, by groups', () => {
    const { losses, gradient } = lossOf({}, [QUARTER, QUARTER, QUARTER], [0, 1, 1], [0, 2, 3]);
    close(losses[0]!, (LOG_4 + LOG_4_3) / 2);
    close(losses[1]!, LOG_4_3);
    // p − [c = y], over the examples of the group.
    [-0.375, 0.375, 0.125, -0.125, 0.25, -0.25].forEach((derivative, at) => {
      close(gradient[at]!, derivative);
    });
  });

  test('label smoothing of 0.2 over two classes: 0.9 and 0.1', () => {
    close(lossOf({ smoothing: 0.2 }, [QUARTER], [0]).losses[0]!, 0.9 * LOG_4 + 0.1 * LOG_4_3);
  });

  test('focal: (1 − p)² of the loss', () => {
    close(lossOf({ focus: 2 }, [QUARTER], [1]).losses[0]!, 0.25 ** 2 * LOG_4_3);
  });

  test('class weights: normalized over the training examples, not over the group', () => {
    const { weights } = lossShapeOf({ classWeights: { c0: 3 } }, counted([10, 30]))!;
    // 3 and 1, whose mean over the examples is 1.5.
    close(weights![0]!, 2);
    close(weights![1]!, 2 / 3);
    const { losses } = lossOf({ weights: weights! }, [QUARTER, QUARTER], [0, 1]);
    close(losses[0]!, (2 * LOG_4 + (2 / 3) * LOG_4_3) / 2);
  });

  test('class-balanced: the ratio of effective numbers', () => {
    const of = (beta: number) =>
      lossShapeOf({ classBalanced: { beta } }, counted([2, 4, 0]))!.weights!;
    // (1 − 0.5²)/0.5 = 1.5 and (1 − 0.5⁴)/0.5 = 1.875.
    close(of(0.5)[0]! / of(0.5)[1]!, 1.875 / 1.5);
    close(of(1)[0]! / of(1)[1]!, 2);
    close(of(0)[0]!, 1);
    assert.equal(of(1)[2], 0, 'a class without training examples');
  });

  test('LDAM: half a logit for the rarest class, a quarter for one that is 16 times as frequent', () => {
    const shape = lossShapeOf({ ldam: { margin: 0.5, scale: 2 } }, counted([160, 10]))!;
    close(shape.margins![0]!, 0.25);
    close(shape.margins![1]!, 0.5);
    // 2·(ln 3 − 0.5) against 2·0.
    const { losses } = lossOf(shape, [QUARTER], [1]);
    close(losses[0]!, Math.log(1 + Math.exp(-2 * (Math.log(3) - 0.5))));
  });

  test('OHEM: half of each group, rounded up', () => {
    const rows = [QUARTER, QUARTER, QUARTER, QUARTER];
    const { losses, gradient } = lossOf({ kept: 0.5 }, rows, [1, 0, 1, 1], [0, 3, 4]);
    close(losses[0]!, (LOG_4 + LOG_4_3) / 2);
    close(losses[1]!, LOG_4_3);
    assert.deepEqual(
      [...gradient.subarray(4, 6)],
      [0, 0],
      'the easier of two equal ones is the last',
    );
  });

  test('GHM: alike examples of the batch share one count', () => {
    // 1 − p is 0.75, 0.75, 0.25 and 0.5: of 2, 2, 1 and 1 of 4 examples in 3 of 4 regions, the last at a border.
    const rows = [QUARTER, QUARTER, QUARTER, [0, 0]];
    const { losses, gradient } = lossOf({ regions: 4 }, rows, [0, 0, 1, 0], [0, 1, 4]);
    const [half, whole] = [4 / (3 * 2), 4 / (3 * 1)];
    close(losses[0]!, half * LOG_4);
    close(losses[1]!, (half * LOG_4 + whole * LOG_4_3 + whole * Math.log(2)) / 3);
    // β is constant in the gradient.
    close(gradient[0]!, half * -0.75);
    close(gradient[4]!, (whole * 0.25) / 3);
    close(
      lossOf({ regions: 1 }, rows, [0, 0, 1, 0]).losses[0]!,
      lossOf({}, rows, [0, 0, 1, 0]).losses[0]!,
    );
  });

  test('tilted: between the mean and the largest loss of the group', () => {
    // exp(ℓ) is 4 and 4/3, with a mean of 8/3; exp(−ℓ) is 1/4 and 3/4.
    const of = (tilt: number) => lossOf({ tilt }, [QUARTER, QUARTER], [0, 1]);
    close(of(1).losses[0]!, Math.log(8 / 3));
    close(of(-1).losses[0]!, Math.log(2));
    close(of(1000).losses[0]!, LOG_4 - Math.log(2) / 1000);
    // Shares 3/4 and 1/4 of derivatives −3/4 and 1/4.
    close(of(1).gradient[0]!, -0.75 * 0.75);
    close(of(1).gradient[2]!, 0.25 * 0.25);
  });

  test('R-Drop: the mean of two passes and a quarter of both divergences', () => {
    const even = [0, 0];
    const { losses } = lossOf({ agreement: 2 }, [QUARTER, even], [1, 1]);
    const [pq, qp] = [
      0.25 * Math.log(0.5) + 0.75 * Math.log(1.5),
      0.5 * Math.log(2) + 0.5 * Math.log(2 / 3),
    ];
    close(losses[0]!, (LOG_4_3 + Math.log(2)) / 2 + (2 / 4) * (pq + qp));
  });

  test('regression: squared errors of the hardest', () => {
    const { losses, gradient } = shapedLoss(
      { ...plainLoss, kept: 0.5 },
      {
        ...{ task: 'regression', outputs: Float32Array.of(1, 5), width: 1 },
        ...{ targets: [0, 2], bounds: [0, 2] },
      },
    );
    assert.deepEqual([losses, [...gradient]], [[9], [0, 6]]);
  });

  test('nothing at all is the plain loss', () => {
    assert.equal(lossShapeOf({ ema: { decay: 0.9 } }, counted([1, 1])), null);
  });
});

test('gradients are those of finite differences, of any mixture', () => {
  const random = keyedRandom('shaped loss', Number(process.env.FAST_CHECK_SEED ?? 0));
  const uniform = () => uniformFloat64(random);
  for (let round = 0; round < 60; round++) {
    const classes = uniformInt(random, 2, 4);
    const rows = Array.from({ length: 8 }, () =>
      Array.from({ length: classes }, () => Math.fround(4 * uniform() - 2)),
    );
    const of = <T>(value: T, other: T) => (uniform() < 0.5 ? value : other);
    const shape = {
      smoothing: of(0.2, 0),
      weights: of(rows[0]!.map(uniform), null),
      margins: of(rows[0]!.map(uniform), null),
      scale: of(1.5, 1),
      focus: of(2 * uniform(), 0),
      kept: of(0.5, 1),
      tilt: of(1.5, of(-0.5, 0)),
      agreement: of(2, null),
    };
    // Two rows of an example have its target.
    const targets = rows.map((_, row) => (row >> 1) % classes);
    const bounds = [0, 2, 8];
    const { gradient } = lossOf(shape, rows, targets, bounds);
    for (const [r, row] of rows.entries()) {
      for (const c of row.keys()) {
        const at = (step: number) => {
          const moved = rows.map((values) => [...values]);
          moved[r]![c] = Math.fround(moved[r]![c]! + step);
          const { losses } = lossOf(shape, moved, targets, bounds);
          return [losses[r < 2 ? 0 : 1]!, moved[r]![c]!] as const;
        };
        const [[above, high], [below, low]] = [at(1e-3), at(-1e-3)];
        const derivative = (above - below) / (high - low);
        const own = gradient[r * classes + c]!;
        assert.ok(
          Math.abs(derivative - own) < 1e-4 * Math.max(1, Math.abs(own)),
          `${derivative} ${own}`,
        );
      }
    }
  }
});
