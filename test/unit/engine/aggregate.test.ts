import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aggregate } from '../../../src/engine/aggregate.ts';
import { aggregators } from '../../../src/engine/aggregators/registry.ts';
import { gramOf } from '../../../src/engine/gram.ts';
import type { AggregatorName, Problem } from '../../../src/engine/types.ts';
import { families, samples } from './families.ts';
import { random } from './random.ts';
import { norm } from './vectors.ts';

const names = Object.keys(aggregators) as AggregatorName[];

/** Three gradients of the plane of which the first two conflict, and one as given. */
function withThird(third: readonly number[], options: Omit<Problem, 'gram'> = {}): Problem {
  const rows = [[1, 0.5], [-1, 1], third].map((row) => Float32Array.from(row));
  return { gram: gramOf(rows), ...options };
}

function planePair(): Problem {
  return { gram: gramOf([Float32Array.of(1, 0.5), Float32Array.of(-1, 1)]) };
}

function codes({ warnings }: ReturnType<typeof aggregate>): string[] {
  return warnings.map(({ code }) => code);
}

for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
  for (const name of names) {
    test(`${name}: a group with ${bad} is dropped with a warning`, () => {
      const answer = aggregate(withThird([bad, 1]), name);
      const alone = aggregate(planePair(), name);
      assert.deepEqual([...answer.weights], [...alone.weights, 0]);
      assert.equal(answer.norm2, alone.norm2);
      assert.equal(answer.gap, alone.gap);
      assert.equal(answer.minCosine, alone.minCosine);
      assert.deepEqual(answer.warnings[0]?.code, 'non-finite-group');
      assert.deepEqual(answer.warnings[0]?.groups, [2]);
    });
  }
}

test('every group bad: zero weights and a warning', () => {
  for (const name of names) {
    const answer = aggregate({ gram: new Float64Array(4).fill(Number.NaN) }, name);
    assert.deepEqual([...answer.weights], [0, 0]);
    assert.deepEqual([answer.norm2, answer.gap, answer.minCosine], [0, 0, 0]);
    assert.deepEqual(codes(answer), ['non-finite-group']);
    assert.match(answer.warnings[0]!.message, /skip the step/);
  }
});

test('a product that is not finite between finite groups condemns both', () => {
  const gram = Float64Array.of(1, Number.NaN, 0, Number.NaN, 1, 0, 0, 0, 1);
  const answer = aggregate({ gram }, 'grain');
  assert.deepEqual([...answer.weights], [0, 0, 1]);
  assert.deepEqual(answer.warnings[0]?.groups, [0, 1]);
});

test('a gradient whose square float64 cannot hold counts as not finite', () => {
  const answer = aggregate({ gram: gramOf([Float64Array.of(1e200), Float64Array.of(1)]) }, 'grain');
  assert.deepEqual([...answer.weights], [0, 1]);
  assert.deepEqual(codes(answer), ['non-finite-group']);
});

test('zero group, policy drop (the default): the others are aggregated', () => {
  for (const options of [{}, { zeroGroups: 'drop' } as const]) {
    const answer = aggregate(withThird([0, 0], options), 'grain');
    assert.deepEqual([...answer.weights], [...aggregate(planePair(), 'grain').weights, 0]);
    assert.ok(answer.norm2 > 0.5);
    assert.deepEqual(codes(answer), ['zero-group']);
    assert.deepEqual(answer.warnings[0]?.groups, [2]);
  }
});

test('zero group, policy stop: no step', () => {
  const answer = aggregate(withThird([0, 0], { zeroGroups: 'stop' }), 'grain');
  assert.deepEqual([...answer.weights], [0, 0, 0]);
  assert.equal(answer.norm2, 0);
  assert.deepEqual(codes(answer), ['zero-group']);
});

test('zero group, policy error: an error naming the group', () => {
  assert.throws(() => aggregate(withThird([0, 0], { zeroGroups: 'error' }), 'grain'), {
    name: 'ZeroGroupError',
    message: 'group 2 has a zero gradient',
  });
});

test('the mean takes zero gradients as plain training does, whatever the policy', () => {
  for (const zeroGroups of ['drop', 'stop', 'error'] as const) {
    const answer = aggregate(withThird([0, 0], { zeroGroups }), 'mean');
    assert.deepEqual([...answer.weights], [1 / 3, 1 / 3, 1 / 3]);
  }
});

test('all gradients zero: skipped by grain, plain for the mean, told by both', () => {
  const gram = new Float64Array(9);
  assert.deepEqual([...aggregate({ gram }, 'grain').weights], [0, 0, 0]);
  assert.deepEqual([...aggregate({ gram }, 'mean').weights], [1 / 3, 1 / 3, 1 / 3]);
  for (const name of names) assert.deepEqual(codes(aggregate({ gram }, name)), ['all-zero']);
  assert.throws(() => aggregate({ gram, zeroGroups: 'error' }, 'grain'), {
    name: 'ZeroGroupError',
  });
});

test('norms too small for float64 to square count as zero', () => {
  const gram = gramOf([Float64Array.of(1e-160, 0), Float64Array.of(0, 1)]);
  const answer = aggregate({ gram }, 'grain');
  assert.deepEqual([...answer.weights], [0, 1]);
  assert.deepEqual(codes(answer), ['zero-group']);
});

test('k = 1: all weight on the one group', () => {
  for (const name of names) {
    const answer = aggregate({ gram: Float64Array.of(9) }, name);
    assert.deepEqual([...answer.weights], [1]);
    assert.deepEqual([answer.norm2, answer.gap, answer.minCosine], [9, 0, 1]);
    assert.deepEqual(answer.warnings, []);
  }
});

test('duplicates: d is that of the group alone', () => {
  const gram = new Float64Array(25).fill(4);
  const answer = aggregate({ gram }, 'grain');
  assert.equal(answer.norm2, 4);
  assert.deepEqual(answer.warnings, []);
});

test('norms over 12 decades: the shortest is not drowned', () => {
  const gram = gramOf([Float64Array.of(1e6, 1e6), Float64Array.of(-1e-6, 2e-6)]);
  const answer = aggregate({ gram }, 'grain');
  assert.ok(answer.minCosine > 0);
  assert.ok(answer.norm2 > 0 && answer.norm2 <= 5e-12);
});

test('Pareto-stationary: the weights that prove it, and a flag', () => {
  const gram = gramOf([Float64Array.of(3, 0), Float64Array.of(-1, 0)]);
  const answer = aggregate({ gram }, 'grain');
  assert.ok(Math.abs(answer.weights[0]! - 0.25) < 1e-15);
  assert.ok(answer.norm2 < 1e-30);
  assert.equal(answer.minCosine, 0);
  assert.deepEqual(codes(answer), ['pareto-stationary']);
});

test('every stationary sample is flagged, and no sample with a direction that serves all is', () => {
  const seeds = fc.tuple(
    fc.integer({ min: 2, max: 40 }),
    fc.integer({ min: 2, max: 40 }),
    fc.integer(),
  );
  fc.assert(
    fc.property(seeds, ([k, d, seed]) => {
      const rows = families['strongly stationary'](k, d, random(seed));
      assert.ok(codes(aggregate({ gram: gramOf(rows) }, 'grain')).includes('pareto-stationary'));
      for (const row of rows) row[0] = 0.1 * norm(row);
      assert.ok(!codes(aggregate({ gram: gramOf(rows) }, 'grain')).includes('pareto-stationary'));
    }),
  );
});

test('conflict: the groups that the mean steps against are named', () => {
  const gram = gramOf([Float64Array.of(10, 0), Float64Array.of(10, 1), Float64Array.of(-1, 1)]);
  const answer = aggregate({ gram }, 'mean');
  assert.ok(answer.minCosine < 0);
  assert.deepEqual(codes(answer), ['conflict']);
  assert.deepEqual(answer.warnings[0]?.groups, [2]);
  assert.deepEqual(codes(aggregate({ gram }, 'grain')), []);
});

test('grain never warns of conflict or of a gap that rounding does not explain', () => {
  fc.assert(
    fc.property(samples(), ({ rows }) => {
      const found = codes(aggregate({ gram: gramOf(rows) }, 'grain'));
      assert.deepEqual(
        found.filter((code) => code === 'conflict' || code === 'not-optimal'),
        [],
      );
    }),
    { numRuns: 400 },
  );
});

test('a gap at the rounding floor is told', () => {
  // ‖d‖² of nearly opposite gradients is the small difference of large numbers.
  let told = 0;
  for (let seed = 0; seed < 200; seed++) {
    const rows = families['near-antiparallel'](16, 12, random(seed));
    const answer = aggregate({ gram: gramOf(rows) }, 'grain');
    if (codes(answer).includes('pareto-stationary')) continue;
    const expected = answer.gap > 1e-10 * answer.norm2;
    assert.equal(codes(answer).includes('rounding-floor'), expected);
    if (expected) told++;
  }
  assert.ok(told > 0);
});

test('the mean weighs by size', () => {
  const gram = Float64Array.of(1, 0, 0, 1);
  assert.deepEqual([...aggregate({ gram, sizes: [3, 1] }, 'mean').weights], [0.75, 0.25]);
  assert.deepEqual([...aggregate({ gram }, 'mean').weights], [0.5, 0.5]);
});

test('the smaller half of an asymmetric rounding error is averaged out', () => {
  const gram = Float64Array.of(1, 0.5 + 1e-9, 0.5 - 1e-9, 2);
  assert.deepEqual(
    aggregate({ gram }, 'grain'),
    aggregate({ gram: Float64Array.of(1, 0.5, 0.5, 2) }, 'grain'),
  );
});

const refused: [string, Problem, RegExp][] = [
  ['not square', { gram: new Float64Array(3) }, /square/],
  ['empty', { gram: new Float64Array(0) }, /square/],
  ['negative square', { gram: Float64Array.of(-1) }, /negative/],
  ['asymmetric', { gram: Float64Array.of(1, 0.5, -0.5, 1) }, /differ/],
  ['beyond Cauchy–Schwarz', { gram: Float64Array.of(1, 2, 2, 1) }, /exceeds/],
  [
    'indefinite',
    { gram: Float64Array.from({ length: 9 }, (_, at) => (at % 4 === 0 ? 1 : -0.9)) },
    /wᵀHw/,
  ],
  ['too few sizes', { gram: new Float64Array(4), sizes: [1] }, /1 sizes for 2 groups/],
  ['size zero', { gram: new Float64Array(4), sizes: [1, 0] }, /size of group 1 is 0/],
  ['sizes beyond float64', { gram: new Float64Array(4), sizes: [1e308, 1e308] }, /add up/],
];
for (const [what, problem, message] of refused) {
  test(`refused: ${what}`, () => {
    for (const name of names) {
      assert.throws(() => aggregate(problem, name), { name: 'RangeError', message });
    }
  });
}

test('an unknown aggregator is refused with the known ones', () => {
  assert.throws(() => aggregate({ gram: Float64Array.of(1) }, 'toString' as AggregatorName), {
    name: 'RangeError',
    message: 'unknown aggregator "toString"; known: grain, mean',
  });
});

test('every description is complete and goes by its own name', () => {
  for (const [name, description] of Object.entries(aggregators)) {
    assert.equal(description.name, name);
    assert.match(description.reference, /arXiv:\d{4}\.\d{5}|doi:10\./);
    assert.ok(description.title && description.guarantee);
  }
});
