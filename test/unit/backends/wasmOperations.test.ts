import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { type Device, openDevice } from '../../../src/backends/device.ts';
import type {
  AttentionShape,
  Matrix,
  Operations,
} from '../../../src/backends/operations/operations.ts';
import { tfjsOperations } from '../../../src/backends/operations/tfjsOperations.ts';
import { random } from '../engine/random.ts';

let device: Device;
before(async () => {
  device = await openDevice('wasm');
});
after(() => device.close());

/** The same numbers of one seed, whoever asks. */
function drawing(seed: number) {
  const { normal } = random(seed);
  const values = (length: number) => Float32Array.from({ length }, () => normal());
  return {
    matrix: (rows: number, width: number): Matrix =>
      tf.tensor2d(values(rows * width), [rows, width]),
    vector: (length: number): tf.Tensor1D => tf.tensor1d(values(length)),
  };
}

type Results = Readonly<Record<string, tf.Tensor>>;

/** Each result to so much of its largest value. */
function assertAgree(compute: (operations: Operations) => Results, tolerance: number): void {
  const [expected, actual] = [tfjsOperations, device.operations!].map((operations) => {
    // Not returned by `tidy`, which would look for tensors in every element.
    let results: { name: string; shape: readonly number[]; values: Float32Array }[] = [];
    tf.tidy(() => {
      results = Object.entries(compute(operations)).map(([name, tensor]) => {
        return { name, shape: tensor.shape, values: tensor.dataSync<'float32'>() };
      });
    });
    return results;
  });
  for (const [n, { name, shape, values }] of expected!.entries()) {
    assert.deepEqual(actual![n]!.shape, shape, name);
    const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
    for (const [i, value] of actual![n]!.values.entries()) {
      const off = Math.abs(value - values[i]!);
      // The message takes longer than the comparison.
      if (!(off <= tolerance * scale)) assert.fail(`${name}[${i}] is ${value}, not ${values[i]}`);
    }
  }
}

const side = fc.integer({ min: 1, max: 130 });
const bounds = fc
  .array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 9 })
  .map((rows) => [0, ...rows].map((_, g) => rows.slice(0, g).reduce((sum, n) => sum + n, 0)));
const seed = fc.nat(1000);
const few = { numRuns: 40 };

describe("custom operations agree with those composed of tfjs's", () => {
  test('linear layers', () => {
    const layout = fc.constantFrom('out-in', 'in-out' as const);
    fc.assert(
      fc.property(bounds, side, side, layout, seed, (groups, input, output, layout, seed) => {
        assertAgree((operations) => {
          const { matrix, vector } = drawing(seed);
          const rows = groups.at(-1)!;
          const [x, dy, bias] = [matrix(rows, input), matrix(rows, output), vector(output)];
          const weight = layout === 'out-in' ? matrix(output, input) : matrix(input, output);
          return {
            y: operations.linear(x, weight, bias, layout),
            dx: operations.linearInput(dy, weight, layout),
            dw: operations.linearWeight(x, dy, groups, layout),
            sum: operations.addLinearWeight(
              tf.ones([groups.length - 1, ...weight.shape]),
              x,
              dy,
              groups,
              layout,
            ),
            db: operations.rowSums(dy, groups),
          };
        }, 1e-5);
      }),
      few,
    );
  });

  test('activations and sums', () => {
    const kind = fc.constantFrom('gelu', 'gelu_new', 'relu', 'silu', 'tanh' as const);
    fc.assert(
      fc.property(side, side, kind, seed, (rows, width, kind, seed) => {
        assertAgree((operations) => {
          const { matrix } = drawing(seed);
          const [x, y, dy] = [matrix(rows, width), matrix(rows, width), matrix(rows, width)];
          const back = operations.gatedInputs(x, y, dy);
          return {
            sum: operations.add(x, y),
            dropped: operations.dropout(x, { rate: 0.4, seed }),
            y: operations.activation(kind, x),
            dx: operations.activationInput(kind, x, dy),
            gated: operations.gated(x, y),
            dgate: back.gate,
            dup: back.up,
          };
        }, 1e-5);
      }),
      few,
    );
  });

  test('norms', () => {
    fc.assert(
      fc.property(bounds, fc.integer({ min: 2, max: 130 }), seed, (groups, width, seed) => {
        assertAgree((operations) => {
          const { matrix, vector } = drawing(seed);
          const rows = groups.at(-1)!;
          const [x, dy, gamma, beta] = [
            matrix(rows, width),
            matrix(rows, width),
            vector(width),
            vector(width),
          ];
          const layer = operations.layerNorm(x, gamma, beta, 1e-5);
          const parameters = operations.layerNormParameters(x, layer.stats, dy, groups);
          const rms = operations.rmsNorm(x, gamma, 1e-5);
          return {
            layer: layer.y,
            layerInput: operations.layerNormInput(x, gamma, layer.stats, dy),
            ...parameters,
            rms: rms.y,
            rmsInput: operations.rmsNormInput(x, gamma, rms.stats, dy),
            rmsGamma: operations.rmsNormParameter(x, rms.stats, dy, groups),
          };
        }, 1e-4);
      }),
      few,
    );
  });

  const attentions: fc.Arbitrary<AttentionShape> = fc
    .record({
      batch: fc.integer({ min: 1, max: 3 }),
      queries: fc.integer({ min: 1, max: 120 }),
      earlier: fc.constantFrom(0, 0, 1, 37),
      keyValueHeads: fc.integer({ min: 1, max: 3 }),
      sharers: fc.integer({ min: 1, max: 3 }),
      width: fc.integer({ min: 1, max: 40 }),
      causal: fc.boolean(),
      dropout: fc.constantFrom(null, { rate: 0.25, seed: 3_141_592_653 }),
    })
    .map(({ queries, earlier, sharers, ...shape }) => ({
      ...shape,
      queries,
      keys: queries + earlier,
      heads: sharers * shape.keyValueHeads,
    }));

  const attentionOf = (shape: AttentionShape, seed: number) => (operations: Operations) => {
    const { batch, queries, keys, heads, keyValueHeads, width } = shape;
    const { matrix } = drawing(seed);
    const q = matrix(batch * queries, heads * width);
    const k = matrix(batch * keys, keyValueHeads * width);
    const v = matrix(batch * keys, keyValueHeads * width);
    const dy = matrix(batch * queries, heads * width);
    // The end of each example is padding, of one more than the other.
    const hidden = Float32Array.from({ length: batch * keys }, (_, at) => {
      const [b, j] = [Math.floor(at / keys), at % keys];
      return j > 0 && j >= keys - 7 * b ? -1e9 : 0;
    });
    const mask = tf.tensor2d(hidden, [batch, keys]);
    const { y, probabilities } = operations.attention(q, k, v, mask, shape);
    const gradients = operations.attentionInputs(q, k, v, probabilities, dy, shape);
    return { y, probabilities, dq: gradients.q, dk: gradients.k, dv: gradients.v };
  };

  test('attention', () => {
    fc.assert(
      fc.property(attentions, seed, (shape, seed) => {
        assertAgree(attentionOf(shape, seed), 1e-4);
      }),
      few,
    );
  });

  for (const causal of [false, true]) {
    test(`attention over more scores than fit in a thread's scratch, causal: ${causal}`, () => {
      const lengths = { batch: 1, queries: 300, keys: 1001, heads: 2, keyValueHeads: 1, width: 8 };
      assertAgree(attentionOf({ ...lengths, causal, dropout: null }, 1), 1e-4);
    });
  }

  test('rotation, gather and sums by segment', () => {
    fc.assert(
      fc.property(bounds, fc.integer({ min: 1, max: 20 }), seed, (groups, half, seed) => {
        assertAgree((operations) => {
          const { matrix } = drawing(seed);
          const rows = groups.at(-1)!;
          const [x, angles] = [matrix(rows, 6 * half), matrix(rows, half)];
          const rotation = { cos: tf.cos(angles), sin: tf.sin(angles) };
          const ids = Int32Array.from({ length: rows }, (_, i) => (i * 7919 + seed) % 11);
          return {
            turned: operations.rotate(x, rotation, 1),
            back: operations.rotate(x, rotation, -1),
            rows: operations.gather(matrix(11, half), tf.tensor1d(ids, 'int32')),
            sums: operations.segmentSums(x, ids, 12, groups),
          };
        }, 1e-5);
      }),
      few,
    );
  });

  // Sums over a vocabulary are off by more than that in tfjs's kernels: the reference is in float64.
  for (const [rows, classes] of [
    [37, 3],
    [6, 49_152],
    [3, 50_257],
  ] as const) {
    test(`cross-entropy of ${rows} rows of ${classes} classes is that of float64`, () => {
      const labels = Int32Array.from({ length: rows }, (_, i) =>
        i % 4 === 3 ? -1 : (i * 7919) % classes,
      );
      const weights = Float32Array.from({ length: rows }, (_, i) => 1 / (i + 1));
      const logits = tf.mul(drawing(classes).matrix(rows, classes), 4) as Matrix;
      const { losses, gradient } = device.operations!.crossEntropy(logits, labels, weights);
      const [values, gradients] = [logits, gradient].map((x) => x.dataSync<'float32'>());
      for (const [i, loss] of losses.dataSync().entries()) {
        const row = values!.subarray(i * classes, (i + 1) * classes);
        const total = row.reduce((sum, value) => sum + Math.exp(value), 0);
        const label = labels[i]!;
        const expected = label < 0 ? 0 : Math.log(total) - row[label]!;
        assert.ok(
          Math.abs(loss - expected) <= 1e-6 * Math.max(1, expected),
          `${loss}, ${expected}`,
        );
        for (const [j, value] of row.entries()) {
          const softmax = label < 0 ? 0 : Math.exp(value) / total;
          const exact = softmax - (j === label ? 1 : 0);
          const off = Math.abs(gradients![i * classes + j]! - exact * weights[i]!);
          const scale = Math.max(softmax, Math.abs(exact)) * weights[i]!;
          if (!(off <= 2e-6 * scale + 1e-12)) assert.fail(`${off} at ${exact}`);
        }
      }
      tf.dispose([logits, losses, gradient]);
    });
  }
});
