import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OutOfMemoryError } from '../../../../src/backends/interface/deviceErrors.ts';
import { AdaptiveBatcher } from '../../../../src/training/text/adaptiveBatcher.ts';
import { unheard } from '../trainerOf.ts';

const examples = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 });

/** Takes batches that, padded, have no more than so many tokens. */
function deviceWith(room: number, lengths: readonly number[]) {
  let failures = 0;
  const taken = () => [] as number[][];
  const take = async (all: number[][], batch: readonly number[]) => {
    const tokens = batch.length * Math.max(...batch.map((example) => lengths[example]!));
    if (tokens > room) {
      failures++;
      throw new OutOfMemoryError(4 * tokens);
    }
    all.push([...batch]);
  };
  return { taken, take, failures: () => failures };
}

test('batches shrink until there is room, stay so, and hold every example once', async () => {
  await fc.assert(
    fc.asyncProperty(examples, fc.integer({ min: 40, max: 500 }), async (lengths, room) => {
      const { taken, take, failures } = deviceWith(room, lengths);
      const batches = new AdaptiveBatcher({}, 256);
      const first = await batches.through(lengths, taken, take, unheard);
      assert.deepEqual(
        first.flat().sort((a, b) => a - b),
        [...lengths.keys()],
      );
      const before = failures();
      assert.deepEqual(await batches.through(lengths, taken, take, unheard), first);
      assert.equal(failures(), before, 'what was found is not looked for again');

      const again = deviceWith(room, lengths);
      const fresh = await new AdaptiveBatcher({}, 256).through(
        lengths,
        again.taken,
        again.take,
        unheard,
      );
      assert.deepEqual(fresh, first, 'found again from the start');
    }),
  );
});

test('an example that finds no room alone, and any other error, ends it', async () => {
  const { taken, take } = deviceWith(5, [9, 2]);
  await assert.rejects(
    new AdaptiveBatcher({}).through([9, 2], taken, take, unheard),
    OutOfMemoryError,
  );
  const other = async () => {
    throw new Error('something else');
  };
  await assert.rejects(
    new AdaptiveBatcher({}).through([9, 2], taken, other, unheard),
    /something else/,
  );
});

test('tells how far it is by tokens, and begins again where batches shrink', async () => {
  const { taken, take } = deviceWith(24, [10, 8, 4, 4, 2]);
  const told: number[] = [];
  const batches = new AdaptiveBatcher({}, 32);
  const through = () =>
    batches.through([10, 8, 4, 4, 2], taken, take, async (done) => void told.push(done));
  await through();
  // Batches of 32 tokens have none; of 16: 10, then 8 + 4 at 8 tokens each, then 4 + 2 at 4 each.
  assert.deepEqual(told.splice(0), [10 / 34, 26 / 34, 1]);
  await through();
  assert.deepEqual(told, [10 / 34, 26 / 34, 1]);
});

test('a batch may tell how far it is with itself', async () => {
  const told: number[] = [];
  await new AdaptiveBatcher({}, 6).through(
    [6, 2],
    () => null,
    async (_, __, onPart) => onPart(0.5),
    async (done) => void told.push(done),
  );
  assert.deepEqual(told, [3 / 8, 6 / 8, 7 / 8, 1]);
});
