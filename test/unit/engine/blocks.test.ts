import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aggregate } from '../../../src/engine/aggregate.ts';
import {
  aggregateBlock,
  aggregateBlocks,
  type BlockGram,
  type BlockMemory,
  type BlockOptions,
  concludeBlocks,
} from '../../../src/engine/blocks.ts';
import { gramOf } from '../../../src/engine/gram.ts';
import type { AggregatorChoice } from '../../../src/engine/types.ts';
import { blocksOf } from './direction.ts';
import { samples } from './families.ts';
import { combine, dot, norm } from './vectors.ts';

const LAYERWISE = 'grain-layerwise';

function block(name: string, ...rows: number[][]): BlockGram {
  return { name, gram: gramOf(rows.map((row) => Float64Array.from(row))) };
}

/** Weights block by block, free of the last digits. */
function weightsOf({ blocks }: ReturnType<typeof aggregateBlocks>): number[][] {
  return blocks.map(({ weights }) => Array.from(weights, (weight) => Number(weight.toFixed(12))));
}

function codes({ warnings }: ReturnType<typeof aggregateBlocks>): string[] {
  return warnings.map(({ code }) => code);
}

test('one block is GRAIN', () => {
  fc.assert(
    fc.property(samples(), ({ rows }) => {
      const gram = gramOf(rows);
      const { blocks, norm2, gap } = aggregateBlocks([{ name: 'all', gram }], {}, LAYERWISE);
      const grain = aggregate({ gram }, 'grain');
      assert.deepEqual(blocks, [{ name: 'all', weights: grain.weights }]);
      assert.ok(Math.abs(norm2 - grain.norm2) <= 1e-12 * Math.max(...rows.map(norm)) ** 2);
      assert.equal(gap, grain.gap);
    }),
    { numRuns: 100 },
  );
});

test('hand-computed values', () => {
  // In a: weights ½, ½, d = (½, ½), ⟨d, g⟩ = ½, ½. In b the shorter one: d = 1, ⟨d, g⟩ = 1, 3.
  const blocks = [block('a', [1, 0], [0, 1]), block('b', [1], [3])];
  const answer = aggregateBlocks(blocks, {}, LAYERWISE);
  assert.deepEqual(
    answer.blocks.map(({ name }) => name),
    ['a', 'b'],
  );
  assert.deepEqual(weightsOf(answer), [
    [0.5, 0.5],
    [1, 0],
  ]);
  assert.ok(Math.abs(answer.norm2 - 1.5) < 1e-15);
  assert.ok(answer.gap < 1e-15);
  // Whole gradients (1, 0 | 1) and (0, 1 | 3): ⟨d, g⟩ = 1.5 and 3.5.
  const least = Math.min(1.5 / Math.sqrt(2), 3.5 / Math.sqrt(10)) / Math.sqrt(1.5);
  assert.ok(Math.abs(answer.minCosine - least) < 1e-15);
  assert.deepEqual(answer.warnings, []);
});

test('the certificate is that of the whole step, measured on the gradients; no block conflicts with a group', () => {
  fc.assert(
    fc.property(samples(undefined, 24), ({ rows }) => {
      const cut = blocksOf(rows);
      const answer = aggregateBlocks(cut, {}, LAYERWISE);
      const parts = answer.blocks.map(({ weights }, b) => combine(cut[b]!.rows, weights));
      const d = Float64Array.from(parts.flatMap((part) => Array.from(part)));
      const longest = Math.max(...rows.map(norm));
      assert.ok(Math.abs(answer.norm2 - dot(d, d)) <= 1e-12 * longest ** 2);
      assert.ok(!codes(answer).includes('conflict') && !codes(answer).includes('not-optimal'));
      if (answer.norm2 > 1e-12 * longest ** 2) {
        const least = Math.min(...rows.map((row) => dot(d, row) / norm(d) / norm(row)));
        assert.ok(Math.abs(answer.minCosine - least) < 1e-6);
      }
      // A product of hulls holds more than the hull: d is no longer than GRAIN's.
      const { norm2 } = aggregate({ gram: gramOf(rows) }, 'grain');
      assert.ok(answer.norm2 <= norm2 + 1e-12 * longest ** 2);
    }),
    { numRuns: 200 },
  );
});

test('a group that is not finite in one block is dropped from all', () => {
  const blocks = [block('a', [1, 0], [0, 1], [5, 5]), block('b', [1], [3], [Number.NaN])];
  const answer = aggregateBlocks(blocks, {}, LAYERWISE);
  const without = aggregateBlocks(
    [block('a', [1, 0], [0, 1]), block('b', [1], [3])],
    {},
    LAYERWISE,
  );
  for (const [b, { weights }] of answer.blocks.entries()) {
    assert.deepEqual([...weights], [...without.blocks[b]!.weights, 0]);
  }
  assert.equal(answer.norm2, without.norm2);
  assert.equal(answer.minCosine, without.minCosine);
  assert.deepEqual(codes(answer), ['non-finite-group']);
  assert.deepEqual(answer.warnings[0]!.groups, [2]);
});

test('blocks one after another are all at once, to the last bit, memory and all', () => {
  const choice: AggregatorChoice = { name: LAYERWISE, smoothing: 0.5 };
  fc.assert(
    fc.property(samples(undefined, 24), fc.nat({ max: 5 }), fc.boolean(), (sample, bad, stop) => {
      const { rows } = sample;
      // A group that is not finite in the last coordinate, and so in the last block alone; beyond the k groups: none.
      const marked = rows.map((row, i) => (i === bad ? row.with(-1, Number.NaN) : row));
      const blocks = blocksOf(marked);
      const nonFinite = bad < rows.length ? [bad] : [];
      let memory: BlockMemory | undefined;
      for (let step = 0; step < 2; step++) {
        const options: BlockOptions = {
          zeroGroups: stop ? 'stop' : 'drop',
          ...(memory && { memory }),
        };
        const solved = blocks.map((one) => aggregateBlock(one, nonFinite, options, choice));
        const answer = concludeBlocks(blocks, solved, options, choice);
        assert.deepEqual(answer, aggregateBlocks(blocks, options, choice));
        memory = answer.memory;
      }
    }),
    { numRuns: 200 },
  );
});

test('a group that is zero in one block only plays no part there; policies are about whole gradients', () => {
  const blocks = [block('a', [1, 0], [0, 1], [0, 0]), block('b', [1], [3], [2])];
  for (const zeroGroups of ['drop', 'stop', 'error'] as const) {
    const answer = aggregateBlocks(blocks, { zeroGroups }, LAYERWISE);
    assert.deepEqual(weightsOf(answer), [
      [0.5, 0.5, 0],
      [1, 0, 0],
    ]);
    assert.deepEqual(answer.warnings, []);
  }
});

test('a group that is zero in every block: dropped, stopped or an error', () => {
  const blocks = [block('a', [1, 0], [0, 0]), block('b', [1], [0])];
  const dropped = aggregateBlocks(blocks, {}, LAYERWISE);
  assert.deepEqual(
    dropped.blocks.map(({ weights }) => [...weights]),
    [
      [1, 0],
      [1, 0],
    ],
  );
  assert.deepEqual(codes(dropped), ['zero-group']);
  const stopped = aggregateBlocks(blocks, { zeroGroups: 'stop' }, LAYERWISE);
  assert.ok(stopped.blocks.every(({ weights }) => weights.every((weight) => weight === 0)));
  assert.deepEqual([stopped.norm2, stopped.gap, stopped.minCosine], [0, 0, 0]);
  assert.throws(() => aggregateBlocks(blocks, { zeroGroups: 'error' }, LAYERWISE), {
    name: 'ZeroGroupError',
  });
});

test('nothing left, and no block reached', () => {
  const zero = aggregateBlocks([block('a', [0], [0])], {}, LAYERWISE);
  assert.deepEqual(codes(zero), ['all-zero']);
  const bad = aggregateBlocks([block('a', [Number.NaN], [Number.NaN])], {}, LAYERWISE);
  assert.deepEqual(codes(bad), ['non-finite-group']);
  assert.match(bad.warnings[0]!.message, /skip the step/);
  const untouched = aggregateBlocks([block('a', [1], [2]), block('b', [0], [0])], {}, LAYERWISE);
  assert.deepEqual([...untouched.blocks[1]!.weights], [0, 0]);
  assert.deepEqual(untouched.warnings, []);
});

test('blocks that stand still are named', () => {
  const blocks = [block('bias', [1], [-1]), block('kernel', [1, 0], [0, 1])];
  const answer = aggregateBlocks(blocks, {}, LAYERWISE);
  assert.deepEqual(codes(answer), ['pareto-stationary']);
  assert.match(answer.warnings[0]!.message, /^in bias: /);
  assert.ok(Math.abs(answer.norm2 - 0.5) < 1e-15);
});

test('smoothing remembers each block by its name', () => {
  const choice: AggregatorChoice = { name: LAYERWISE, smoothing: 0.5 };
  const first = [block('a', [1, 0], [0, 1]), block('b', [1], [3])];
  const { memory } = aggregateBlocks(first, {}, choice);
  assert.ok(memory);
  const carried: BlockOptions = { memory: JSON.parse(JSON.stringify(memory)) };
  const second = [block('b', [3], [1]), block('a', [1, 0], [0, 1])];
  const answer = aggregateBlocks(second, carried, choice);
  assert.deepEqual(
    answer.blocks.map(({ name }) => name),
    ['b', 'a'],
  );
  assert.deepEqual(weightsOf(answer), [
    [0.5, 0.5],
    [0.5, 0.5],
  ]);
  assert.equal(aggregateBlocks(first, {}, LAYERWISE).memory, undefined);
});

test('what is not a set of blocks is refused', () => {
  const one = block('a', [1]);
  const refused: [readonly BlockGram[], AggregatorChoice, RegExp][] = [
    [[], { name: LAYERWISE }, /no blocks/],
    [[one, one], { name: LAYERWISE }, /same name/],
    [[one, block('b', [1], [2])], { name: LAYERWISE }, /different sizes/],
    [[one], { name: 'grain' }, /grain does not aggregate by blocks/],
    [[{ name: 'a', gram: Float64Array.of(-1) }], { name: LAYERWISE }, /negative/],
  ];
  for (const [blocks, choice, message] of refused) {
    assert.throws(() => aggregateBlocks(blocks, {}, choice), { name: 'RangeError', message });
    assert.throws(() => concludeBlocks(blocks, [], {}, choice), { name: 'RangeError', message });
  }
});
