import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OutOfMemoryError } from '../../../../src/backends/interface/deviceErrors.ts';
import { AdaptiveBatcher } from '../../../../src/training/text/adaptiveBatcher.ts';
import { ignoreProgress } from '../trainerOf.ts';

const examples = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 });

/** Processes batches that have at most `room` tokens, padding included. */
function deviceWith(room: number, lengths: readonly number[]) {
  let failures = 0;
  const begin = () => [] as number[][];
  const add = async (all: number[][], batch: readonly number[]) => {
    const tokens = batch.length * Math.max(...batch.map((example) => lengths[example]!));
    if (tokens > room) {
      failures++;
      throw new OutOfMemoryError(4 * tokens);
    }
    all.push([...batch]);
  };
  return { begin, add, failures: () => failures };
}

test('batches shrink until they fit, stay small, and contain every example once', async () => {
  await fc.assert(
    fc.asyncProperty(examples, fc.integer({ min: 40, max: 500 }), async (lengths, room) => {
      const { begin, add, failures } = deviceWith(room, lengths);
      const batches = new AdaptiveBatcher({}, 256);
      const first = await batches.run(lengths, begin, add, ignoreProgress);
      assert.deepEqual(
        first.flat().sort((a, b) => a - b),
        [...lengths.keys()],
      );
      const before = failures();
      assert.deepEqual(await batches.run(lengths, begin, add, ignoreProgress), first);
      assert.equal(failures(), before, 'what was found is not looked for again');

      const again = deviceWith(room, lengths);
      const fresh = await new AdaptiveBatcher({}, 256).run(
        lengths,
        again.begin,
        again.add,
        ignoreProgress,
      );
      assert.deepEqual(fresh, first, 'found again from the start');
    }),
  );
});

test('a single example that does not fit is an error, as is any other error', async () => {
  const { begin, add } = deviceWith(5, [9, 2]);
  await assert.rejects(
    new AdaptiveBatcher({}).run([9, 2], begin, add, ignoreProgress),
    OutOfMemoryError,
  );
  const other = async () => {
    throw new Error('something else');
  };
  await assert.rejects(
    new AdaptiveBatcher({}).run([9, 2], begin, other, ignoreProgress),
    /something else/,
  );
});

test('reports progress by tokens, and starts again if batches shrink', async () => {
  const { begin, add } = deviceWith(24, [10, 8, 4, 4, 2]);
  const reported: number[] = [];
  const batches = new AdaptiveBatcher({}, 32);
  const through = () =>
    batches.run([10, 8, 4, 4, 2], begin, add, async (done) => void reported.push(done));
  await through();
  // Batches of 32 tokens have none; of 16: 10, then 8 + 4 at 8 tokens each, then 4 + 2 at 4 each.
  assert.deepEqual(reported.splice(0), [10 / 34, 26 / 34, 1]);
  await through();
  assert.deepEqual(reported, [10 / 34, 26 / 34, 1]);
});

test('a batch may report its own progress', async () => {
  const reported: number[] = [];
  await new AdaptiveBatcher({}, 6).run(
    [6, 2],
    () => null,
    async (_, __, onPart) => onPart(0.5),
    async (done) => void reported.push(done),
  );
  assert.deepEqual(reported, [3 / 8, 6 / 8, 7 / 8, 1]);
});
