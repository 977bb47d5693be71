import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { type Device, openDevice } from '../../../src/backends/device.ts';
import type { Matrix } from '../../../src/backends/operations/operations.ts';
import { tfjsOperations } from '../../../src/backends/operations/tfjsOperations.ts';
import type { TokenBatch } from '../../../src/data/tokenBatch.ts';
import { type Answers, answersOf, causalLoss } from '../../../src/nn/decoders/causalLoss.ts';
import { runPass } from '../../../src/nn/module/pass.ts';
import { distance, Gradients } from './gradients.ts';

const VOCABULARY = 7;
const WIDTH = 3;

/** Groups of examples; each example's tokens and where its answer starts, maybe behind its end. */
const batches = fc
  .array(
    fc.array(fc.record({ tokens: fc.integer({ min: 1, max: 6 }), start: fc.nat(7) }), {
      minLength: 1,
      maxLength: 3,
    }),
    {
      minLength: 1,
      maxLength: 3,
    },
  )
  .map((groups) => {
    const examples = groups.flat();
    const length = Math.max(...examples.map(({ tokens }) => tokens));
    const bounds = [0];
    for (const group of groups) bounds.push(bounds.at(-1)! + group.length);
    const tokens: TokenBatch = {
      batchSize: examples.length,
      length,
      ids: Int32Array.from(
        { length: examples.length * length },
        (_, i) => (i * i + 3) % VOCABULARY,
      ),
      typeIds: new Int32Array(examples.length * length),
      lengths: Int32Array.from(examples, (example) => example.tokens),
      exampleBounds: bounds,
    };
    return { tokens, starts: examples.map(({ start }) => start) };
  });

describe('the answers of a batch', () => {
  test('are the tokens from each start to the end of the text, except a first one', () => {
    fc.assert(
      fc.property(batches, ({ tokens, starts }) => {
        const { rows, labels, weights, bounds } = answersOf(tokens, starts);
        const asked = (at: number) => {
          const [example, position] = [Math.floor(at / tokens.length), at % tokens.length];
          return (
            position > 0 && position >= starts[example]! && position < tokens.lengths[example]!
          );
        };
        const all = [...tokens.ids.keys()].filter(asked);
        assert.deepEqual(
          [...rows],
          all.map((at) => at - 1),
        );
        assert.deepEqual(
          [...labels],
          all.map((at) => tokens.ids[at]),
        );
        for (const [g, end] of bounds.slice(1).entries()) {
          const ofGroup = all.slice(bounds[g], end);
          const [first, last] = [tokens.exampleBounds[g]!, tokens.exampleBounds[g + 1]!];
          assert.ok(
            ofGroup.every((at) => at >= first * tokens.length && at < last * tokens.length),
          );
          assert.ok(
            weights.subarray(bounds[g], end).every((w) => w === Math.fround(1 / ofGroup.length)),
          );
        }
        assert.equal(bounds.at(-1), all.length);
      }),
    );
  });
});

describe('the loss of answers', () => {
  let device: Device;
  before(async () => {
    device = await openDevice('cpu');
  });
  after(() => device.close());

  const values = (length: number, seed: number) =>
    Float32Array.from({ length }, (_, i) => Math.sin(seed + 2.3 * i));

  async function run(tokens: TokenBatch, answers: Answers, trained: boolean, logitBytes?: number) {
    const rows = tokens.batchSize * tokens.length;
    const hidden: Matrix = tf.tensor2d(values(rows * WIDTH, 1), [rows, WIDTH]);
    const value: Matrix = tf.tensor2d(values(VOCABULARY * WIDTH, 2), [VOCABULARY, WIDTH]);
    const head = { name: 'head', value, trained, isPretrained: true };
    const sink = new Gradients();
    return runPass(tfjsOperations, tokens, { dropout: null, sink }, async (pass) => {
      const { losses, gradient } = causalLoss(hidden, head, answers, pass, logitBytes);
      await pass.sink!.flush();
      const result = {
        losses: losses.dataSync<'float32'>(),
        gradient: gradient!.dataSync<'float32'>(),
        head: sink.of.get('head'),
      };
      tf.dispose([hidden, value]);
      return result;
    });
  }

  test('does not depend on the number of logits computed at a time, nor on whether the head is trained', async () => {
    await fc.assert(
      fc.asyncProperty(
        batches,
        fc.integer({ min: 1, max: 5 }),
        async ({ tokens, starts }, rows) => {
          const answers = answersOf(tokens, starts);
          const before = tf.memory().numTensors;
          const whole = await run(tokens, answers, true);
          const blocks = await run(tokens, answers, true, rows * 4 * VOCABULARY);
          const frozen = await run(tokens, answers, false, rows * 4 * VOCABULARY);
          assert.equal(tf.memory().numTensors, before);
          assert.equal(frozen.head, undefined);
          assert.ok(distance(blocks.head!, whole.head!) < 1e-5);
          for (const other of [blocks, frozen]) {
            assert.ok(distance(other.losses, whole.losses) < 1e-5);
            assert.ok(distance(other.gradient, whole.gradient) < 1e-5);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('a group without answers has no loss and no gradient', async () => {
    const tokens: TokenBatch = {
      batchSize: 2,
      length: 3,
      ids: Int32Array.of(1, 2, 3, 4, 5, 6),
      typeIds: new Int32Array(6),
      lengths: Int32Array.of(3, 3),
      exampleBounds: [0, 1, 2],
    };
    const { losses, gradient, head } = await run(tokens, answersOf(tokens, [3, 1]), true);
    assert.equal(losses.length, 2);
    const size = VOCABULARY * WIDTH;
    assert.ok(head!.subarray(0, size).every((x) => x === 0));
    assert.ok(head!.subarray(size).some((x) => x !== 0));
    assert.ok(gradient.subarray(0, 3 * WIDTH).every((x) => x === 0));
  });
});
