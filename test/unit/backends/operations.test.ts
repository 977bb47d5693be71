import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { openDevice } from '../../../src/backends/device.ts';
import { dropoutFactors } from '../../../src/backends/operations/dropout.ts';
import type {
  AttentionShape,
  Bounds,
  Matrix,
  Operations,
  Rotation,
} from '../../../src/backends/operations/operations.ts';
import { tfjsOperations } from '../../../src/backends/operations/tfjsOperations.ts';
import { random } from '../engine/random.ts';
import type { Values } from '../nn/formulas.ts';
import * as formulas from '../nn/formulas.ts';

/** Rounded to float32, so that formulas and operations start from the same numbers. */
function normal(seed: number, length: number): Values {
  const { normal } = random(seed);
  return Float64Array.from({ length }, () => Math.fround(normal()));
}

function matrix(values: Values, width: number): Matrix {
  return tf.tensor2d(Float32Array.from(values), [values.length / width, width]);
}

function vector(values: Values): tf.Tensor1D {
  return tf.tensor1d(Float32Array.from(values));
}

/** To 1e-5 of the largest. */
function assertClose(actual: tf.Tensor, expected: Values, shape: readonly number[]): void {
  assert.deepEqual(actual.shape, shape);
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
  for (const [i, value] of actual.dataSync().entries()) {
    const off = Math.abs(value - expected[i]!);
    assert.ok(off <= 1e-5 * scale, `[${i}] is ${value}, not ${expected[i]}; largest ${scale}`);
  }
}

/** ∂/∂parameter group by group: dy of the others is nothing. */
function stackedGradients(
  f: (inputs: readonly Values[]) => Values,
  inputs: readonly Values[],
  which: number,
  dy: Values,
  bounds: Bounds,
): Values {
  const width = dy.length / bounds.at(-1)!;
  const groups = bounds.slice(1).map((end, g) => {
    const [first, last] = [bounds[g]! * width, end * width];
    const own = dy.map((value, at) => (at >= first && at < last ? value : 0));
    return formulas.numericalGradient(f, inputs, which, own);
  });
  return Float64Array.from(groups.flatMap((values) => [...values]));
}

/** Groups of unequal rows, one of a single row. */
const groupings: readonly Bounds[] = [
  [0, 1],
  [0, 4, 5, 7],
  [0, 2, 9],
];

const shapes: readonly AttentionShape[] = [
  { batch: 2, queries: 3, keys: 3, heads: 2, keyValueHeads: 2, width: 3 },
  { batch: 1, queries: 1, keys: 1, heads: 1, keyValueHeads: 1, width: 1 },
  { batch: 2, queries: 5, keys: 5, heads: 4, keyValueHeads: 2, width: 4 },
  { batch: 1, queries: 2, keys: 7, heads: 3, keyValueHeads: 1, width: 6 },
  { batch: 3, queries: 1, keys: 6, heads: 2, keyValueHeads: 1, width: 5 },
].flatMap((shape) =>
  [false, true].flatMap((causal) =>
    [null, { rate: 0.3, seed: 4_000_000_007 }].map((dropout) => ({ ...shape, causal, dropout })),
  ),
);

function titleOf({ dropout, causal, ...shape }: AttentionShape): string {
  const sizes = Object.values(shape).join(' ');
  return `${sizes}${causal ? ', causal' : ''}${dropout ? ', dropout' : ''}`;
}

/** The first key is never padding. */
function paddingOf({ batch, keys }: AttentionShape): Values {
  return Float64Array.from({ length: batch * keys }, (_, at) =>
    at % keys > keys - 2 && at % keys > 0 && at < keys ? -1e9 : 0,
  );
}

function checkOperations(name: string, open: () => Promise<Operations>): void {
  describe(`${name} operations agree with their formulas`, () => {
    let operations: Operations;
    before(async () => {
      operations = await open();
    });
    before(() => tf.engine().startScope());
    after(() => tf.engine().endScope());

    for (const layout of ['out-in', 'in-out'] as const) {
      for (const [bounds, input, output] of [
        [[0, 1], 3, 1],
        [[0, 4, 5, 7], 5, 7],
        [[0, 0, 3, 3], 4, 5],
        [[0, 2, 9], 8, 4],
        [[0, 11, 30], 9, 2],
      ] as const) {
        test(`linear ${layout}, ${input} → ${output}, rows ${bounds}`, () => {
          const rows = bounds.at(-1)!;
          const inputs = [
            normal(1, rows * input),
            normal(2, input * output),
            normal(3, output),
          ] as const;
          const dy = normal(4, rows * output);
          const f = (values: readonly Values[]) =>
            formulas.linear(values, [rows, input, output], layout);
          const x = matrix(inputs[0], input);
          const shape = layout === 'out-in' ? [output, input] : [input, output];
          const weight = matrix(inputs[1], shape[1]!);
          const gradient = matrix(dy, output);
          const bias = vector(inputs[2]);
          const size = [rows, output];
          assertClose(operations.linear(x, weight, bias, layout), f(inputs), size);
          assertClose(operations.linear(x, weight, null, layout), f(inputs.slice(0, 2)), size);
          const dx = formulas.numericalGradient(f, inputs, 0, dy);
          assertClose(operations.linearInput(gradient, weight, layout), dx, [rows, input]);
          const k = bounds.length - 1;
          const dw = stackedGradients(f, inputs, 1, dy, bounds);
          assertClose(operations.linearWeight(x, gradient, bounds, layout), dw, [k, ...shape]);
          const before: tf.Tensor3D = tf.ones([k, ...(shape as [number, number])]);
          const sum = operations.addLinearWeight(before, x, gradient, bounds, layout);
          assertClose(
            sum,
            dw.map((value) => value + 1),
            [k, ...shape],
          );
          const db = stackedGradients(f, inputs, 2, dy, bounds);
          assertClose(operations.rowSums(gradient, bounds), db, [k, output]);
        });
      }
    }

    for (const kind of ['gelu', 'gelu_new', 'relu', 'silu', 'tanh'] as const) {
      test(`${kind}, near 0, in the tails and between`, () => {
        const x = Float64Array.from({ length: 45 }, (_, i) => Math.fround((i - 22.5) / 4 + 0.01));
        const f = ([values]: readonly Values[]) => formulas.activation(kind, values!);
        const dy = normal(1, 45);
        const [tensor, gradient] = [matrix(x, 3), matrix(dy, 3)];
        assertClose(operations.activation(kind, tensor), f([x]), [15, 3]);
        const dx = formulas.numericalGradient(f, [x], 0, dy);
        assertClose(operations.activationInput(kind, tensor, gradient), dx, [15, 3]);
      });

      test(`${kind} of large numbers is finite`, () => {
        const x = tf.tensor2d([[-1e4, -200, -90, 90, 200, 1e4]]);
        const ones = tf.onesLike(x);
        const y = operations.activation(kind, x).dataSync();
        const limit = kind === 'tanh' ? [-1, -1, -1, 1, 1, 1] : [0, 0, 0, 90, 200, 1e4];
        for (const [i, value] of y.entries()) assert.ok(Math.abs(value - limit[i]!) <= 1e-6, kind);
        const gradient = operations.activationInput(kind, x, ones).dataSync();
        const steep = kind === 'tanh' ? 0 : 1;
        for (const [i, value] of gradient.entries()) {
          assert.ok(Math.abs(value - (i < 3 ? 0 : steep)) <= 1e-6, `${kind}: ${gradient}`);
        }
      });
    }

    test('gated', () => {
      const inputs = [normal(1, 35), normal(2, 35)];
      const dy = normal(3, 35);
      const [gate, up, gradient] = [...inputs, dy].map((values) => matrix(values, 7));
      assertClose(operations.gated(gate!, up!), formulas.gated(inputs), [5, 7]);
      const back = operations.gatedInputs(gate!, up!, gradient!);
      assertClose(back.gate, formulas.numericalGradient(formulas.gated, inputs, 0, dy), [5, 7]);
      assertClose(back.up, formulas.numericalGradient(formulas.gated, inputs, 1, dy), [5, 7]);
    });

    for (const bounds of groupings) {
      for (const width of [3, 4, 6, 19]) {
        const rows = bounds.at(-1)!;
        const k = bounds.length - 1;
        const inputs = [normal(1, rows * width), normal(2, width), normal(3, width)] as const;
        const dy = normal(4, rows * width);
        const epsilon = 1e-3;
        const f = (values: readonly Values[]) => formulas.norm(values, width, epsilon);

        test(`layer norm of width ${width}, rows ${bounds}`, () => {
          const [x, gradient] = [matrix(inputs[0], width), matrix(dy, width)];
          const [gamma, beta] = [vector(inputs[1]), vector(inputs[2])];
          const { y, stats } = operations.layerNorm(x, gamma, beta, epsilon);
          assertClose(y, f(inputs), [rows, width]);
          const dx = formulas.numericalGradient(f, inputs, 0, dy);
          assertClose(operations.layerNormInput(x, gamma, stats, gradient), dx, [rows, width]);
          const parameters = operations.layerNormParameters(x, stats, gradient, bounds);
          const [dgamma, dbeta] = [1, 2].map((i) => stackedGradients(f, inputs, i, dy, bounds));
          assertClose(parameters.gamma, dgamma!, [k, width]);
          assertClose(parameters.beta, dbeta!, [k, width]);
        });

        test(`RMS norm of width ${width}, rows ${bounds}`, () => {
          const [x, gradient] = [matrix(inputs[0], width), matrix(dy, width)];
          const two = inputs.slice(0, 2);
          const { y, stats } = operations.rmsNorm(x, vector(inputs[1]), epsilon);
          assertClose(y, f(two), [rows, width]);
          const dx = operations.rmsNormInput(x, vector(inputs[1]), stats, gradient);
          assertClose(dx, formulas.numericalGradient(f, two, 0, dy), [rows, width]);
          const dgamma = operations.rmsNormParameter(x, stats, gradient, bounds);
          assertClose(dgamma, stackedGradients(f, two, 1, dy, bounds), [k, width]);
        });
      }
    }

    for (const shape of shapes) {
      test(`attention ${titleOf(shape)}`, () => {
        const { batch, queries, keys, heads, keyValueHeads, width, dropout } = shape;
        const [askers, asked] = [batch * queries, batch * keys];
        const inputs = [
          normal(1, askers * heads * width),
          normal(2, asked * keyValueHeads * width),
          normal(3, asked * keyValueHeads * width),
        ] as const;
        const dy = normal(4, inputs[0].length);
        const padding = paddingOf(shape);
        const factors = dropout && dropoutFactors(dropout, batch * heads * queries * keys);
        const f = (values: readonly Values[]) =>
          formulas.attention(values, padding, shape, (index) => factors?.[index] ?? 1);
        const q = matrix(inputs[0], heads * width);
        const [k, v] = [1, 2].map((i) => matrix(inputs[i]!, keyValueHeads * width));
        const { y, probabilities } = operations.attention(q, k!, v!, matrix(padding, keys), shape);
        assertClose(y, f(inputs), q.shape);
        assert.deepEqual(probabilities.shape, [batch, heads, queries, keys]);
        const gradient = matrix(dy, heads * width);
        const back = operations.attentionInputs(q, k!, v!, probabilities, gradient, shape);
        assertClose(back.q, formulas.numericalGradient(f, inputs, 0, dy), q.shape);
        assertClose(back.k, formulas.numericalGradient(f, inputs, 1, dy), k!.shape);
        assertClose(back.v, formulas.numericalGradient(f, inputs, 2, dy), v!.shape);
      });
    }

    for (const [half, heads] of [
      [1, 3],
      [3, 2],
      [4, 1],
      [9, 2],
    ] as const) {
      test(`rotating ${heads} heads of width ${2 * half}, forward and back`, () => {
        const width = 2 * half * heads;
        const [x, angles] = [normal(1, 3 * width), normal(2, 3 * half)];
        const rotation: Rotation = {
          cos: matrix(angles.map(Math.cos), half),
          sin: matrix(angles.map(Math.sin), half),
        };
        const turned = operations.rotate(matrix(x, width), rotation, 1);
        assertClose(turned, formulas.rotate(x, angles, width, half), [3, width]);
        assertClose(operations.rotate(turned, rotation, -1), x, [3, width]);
      });
    }

    test('sums and rows of a table', () => {
      const [x, y] = [normal(1, 21), normal(2, 21)];
      const sums = operations.add(matrix(x, 3), matrix(y, 3));
      assert.deepEqual(
        [...sums.dataSync()],
        [...x].map((value, i) => Math.fround(value + y[i]!)),
      );
      for (const width of [1, 3, 7]) {
        const rows = operations.gather(
          matrix(normal(1, 21), width),
          tf.tensor1d([2, 0, 2], 'int32'),
        );
        const expected = [2, 0, 2].flatMap((i) => [...x.subarray(i * width, (i + 1) * width)]);
        assert.deepEqual([rows.shape, [...rows.dataSync()]], [[3, width], expected]);
      }
    });

    for (const width of [1, 3, 8, 37]) {
      test(`sums of rows by segment and group, width ${width}`, () => {
        const bounds = [0, 3, 4, 9];
        const segments = Int32Array.of(1, 0, 1, 3, 3, 3, 3, 0, 1);
        const dy = normal(1, 9 * width);
        const expected = new Float64Array(3 * 5 * width);
        bounds.slice(1).forEach((end, g) => {
          for (let i = bounds[g]!; i < end; i++) {
            const to = (g * 5 + segments[i]!) * width;
            for (let j = 0; j < width; j++) expected[to + j]! += dy[i * width + j]!;
          }
        });
        const sums = operations.segmentSums(matrix(dy, width), segments, 5, bounds);
        assertClose(sums, expected, [3, 5, width]);
      });
    }

    for (const classes of [2, 5, 8, 700]) {
      test(`cross-entropy of ${classes} classes, one row without a label`, () => {
        const logits = normal(1, 4 * classes).map((value) => Math.fround(5 * value));
        const labels = Int32Array.of(1, -1, 0, classes - 1);
        const weights = Float32Array.of(0.5, 3, 1, 0.25);
        const f = ([values]: readonly Values[]) => formulas.crossEntropy(values!, labels, classes);
        const { losses, gradient } = operations.crossEntropy(
          matrix(logits, classes),
          labels,
          weights,
        );
        assertClose(losses, f([logits]), [4]);
        const expected = formulas.numericalGradient(f, [logits], 0, Float64Array.from(weights));
        assertClose(gradient, expected, [4, classes]);
        assert.ok(
          gradient
            .dataSync()
            .subarray(classes, 2 * classes)
            .every((value) => value === 0),
        );
      });
    }

    test('cross-entropy of logits that are far apart is finite', () => {
      const logits = tf.tensor2d([[1e4, 0, -1e4]]);
      for (const [label, loss] of [0, 1e4, 2e4].entries()) {
        const { losses } = operations.crossEntropy(
          logits,
          Int32Array.of(label),
          Float32Array.of(1),
        );
        assert.equal(Math.abs(losses.dataSync()[0]!), loss);
      }
    });

    test('dropout keeps a share of about 1 − rate, and divides it by 1 − rate', () => {
      const dropped = { rate: 0.3, seed: 17 };
      const x = normal(1, 30_003);
      const y = operations.dropout(matrix(x, 3), dropped);
      const factors = dropoutFactors(dropped, x.length);
      assertClose(
        y,
        x.map((value, i) => value * factors[i]!),
        [10_001, 3],
      );
      const kept = factors.filter((factor) => factor !== 0);
      assert.ok(Math.abs(kept.length / x.length - 0.7) < 0.01);
      assert.ok(kept.every((factor) => factor === Math.fround(1 / 0.7)));
    });

    test('operations leave no tensors behind except their results', () => {
      const x = matrix(normal(1, 20), 4);
      const [gamma, ids] = [vector(normal(2, 4)), tf.tensor1d([0, 1], 'int32')];
      const bounds = [0, 2, 5];
      const assertMakes = (tensors: number, run: () => tf.TensorContainer) => {
        const before = tf.memory().numTensors;
        const results = run();
        assert.equal(tf.memory().numTensors - before, tensors, run.toString());
        tf.dispose(results);
        assert.equal(tf.memory().numTensors, before, run.toString());
      };
      const container = (results: object) => results as tf.TensorContainer;
      assertMakes(1, () => operations.linear(x, x, null, 'out-in'));
      assertMakes(1, () => operations.linearWeight(x, x, bounds, 'out-in'));
      assertMakes(1, () => operations.rowSums(x, bounds));
      assertMakes(3, () => container(operations.layerNorm(x, gamma, gamma, 1e-5)));
      assertMakes(2, () => container(operations.rmsNorm(x, gamma, 1e-5)));
      assertMakes(1, () => operations.gather(x, ids));
      const labels = Int32Array.of(0, 1, 0, 1, 0);
      assertMakes(1, () => operations.segmentSums(x, labels, 2, bounds));
      assertMakes(2, () => container(operations.crossEntropy(x, labels, new Float32Array(5))));
    });
  });
}

checkOperations('composed', async () => {
  await openDevice('cpu');
  return tfjsOperations;
});

checkOperations('own', async () => (await openDevice('wasm')).operations!);
