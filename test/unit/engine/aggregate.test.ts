import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aggregate } from '../../../src/engine/aggregate.ts';
import { aggregators } from '../../../src/engine/aggregators/registry.ts';
import { weightings } from '../../../src/engine/aggregators/weightings.ts';
import { gramOf } from '../../../src/engine/gram.ts';
import type { AggregatorChoice, AggregatorName, Problem } from '../../../src/engine/types.ts';
import { families, samples } from './families.ts';
import { random } from './random.ts';
import { norm } from './vectors.ts';

/** Those that a Gram matrix decides. */
const names = Object.keys(weightings) as AggregatorName[];
const takingZeros = names.filter((name) => aggregators[name].takesZeroGroups);
const others = names.filter((name) => !aggregators[name].takesZeroGroups);

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

for (const name of others) {
  test(`${name}: zero group, policy drop (the default): the others are aggregated`, () => {
    for (const options of [{}, { zeroGroups: 'drop' } as const]) {
      const answer = aggregate(withThird([0, 0], options), name);
      assert.deepEqual([...answer.weights], [...aggregate(planePair(), name).weights, 0]);
      assert.ok(answer.norm2 > 0);
      assert.ok(codes(answer).includes('zero-group'));
      assert.deepEqual(answer.warnings[0]?.groups, [2]);
    }
  });

  test(`${name}: zero group, policy stop: no step`, () => {
    const answer = aggregate(withThird([0, 0], { zeroGroups: 'stop' }), name);
    assert.deepEqual([...answer.weights], [0, 0, 0]);
    assert.equal(answer.norm2, 0);
    assert.deepEqual(codes(answer), ['zero-group']);
  });

  test(`${name}: zero group, policy error: an error naming the group`, () => {
    assert.throws(() => aggregate(withThird([0, 0], { zeroGroups: 'error' }), name), {
      name: 'ZeroGroupError',
      message: 'group 2 has a zero gradient',
    });
  });
}

for (const name of takingZeros) {
  test(`${name}: a zero gradient is a group like any other, whatever the policy`, () => {
    const two = aggregate(planePair(), name).weights;
    for (const zeroGroups of ['drop', 'stop', 'error'] as const) {
      const answer = aggregate(withThird([0, 0], { zeroGroups }), name);
      // The shares of the others are 1/3 instead of 1/2.
      for (const i of [0, 1]) assert.ok(Math.abs(1.5 * answer.weights[i]! - two[i]!) < 1e-14);
      assert.ok(answer.weights[2]! >= 0);
    }
  });
}

test('all gradients zero: skipped, or plain where zero gradients are taken; reported by all', () => {
  const gram = new Float64Array(9);
  for (const name of takingZeros) {
    const answer = aggregate({ gram }, name);
    assert.deepEqual([...answer.weights], [1 / 3, 1 / 3, 1 / 3]);
    assert.deepEqual(codes(answer), ['all-zero']);
  }
  for (const name of others) {
    const answer = aggregate({ gram }, name);
    assert.deepEqual([...answer.weights], [0, 0, 0]);
    assert.deepEqual(codes(answer), ['all-zero']);
    assert.throws(() => aggregate({ gram, zeroGroups: 'error' }, name), { name: 'ZeroGroupError' });
  }
});

test('norms too small for float64 to square count as zero', () => {
  const gram = gramOf([Float64Array.of(1e-160, 0), Float64Array.of(0, 1)]);
  const answer = aggregate({ gram }, 'grain');
  assert.deepEqual([...answer.weights], [0, 1]);
  assert.deepEqual(codes(answer), ['zero-group']);
});

test('k = 1: the weight is 1, but where the aggregator sets the length of d', () => {
  const lengths: Partial<Record<AggregatorName, number>> = {
    'normalized-mean': 1,
    'nash-mtl': 1,
    cagrad: 4.5,
  };
  for (const name of names) {
    const answer = aggregate({ gram: Float64Array.of(9) }, name);
    const length = lengths[name] ?? 3;
    assert.ok(Math.abs(answer.weights[0]! - length / 3) < 1e-15);
    assert.ok(Math.abs(answer.norm2 - length ** 2) < 1e-14);
    assert.equal(answer.minCosine, 1);
    assert.deepEqual(answer.warnings, []);
    assert.equal(answer.gap, length === 3 ? 0 : Number.POSITIVE_INFINITY);
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

test('conflict: the groups that the mean conflicts with are named', () => {
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

test('a gap at the rounding floor is reported', () => {
  // ‖d‖² of nearly opposite gradients is the small difference of large numbers.
  let reported = 0;
  for (let seed = 0; seed < 200; seed++) {
    const rows = families['near-antiparallel'](16, 12, random(seed));
    const answer = aggregate({ gram: gramOf(rows) }, 'grain');
    if (codes(answer).includes('pareto-stationary')) continue;
    const expected = answer.gap > 1e-10 * answer.norm2;
    assert.equal(codes(answer).includes('rounding-floor'), expected);
    if (expected) reported++;
  }
  assert.ok(reported > 0);
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
    for (const name of ['grain', 'mean', 'upgrad'] as const) {
      assert.throws(() => aggregate(problem, name), { name: 'RangeError', message });
    }
  });
}

test('what is not a Gram matrix, and does not look like it, is refused by all or leads nowhere', () => {
  const gram = Float64Array.from({ length: 9 }, (_, at) => (at % 4 === 0 ? 1 : -0.9));
  for (const name of names) {
    try {
      const { weights, norm2 } = aggregate({ gram }, name);
      assert.ok(weights.every(Number.isFinite) && norm2 >= 0);
    } catch (error) {
      assert.ok(error instanceof RangeError && /wᵀHw/.test(error.message), `${name}: ${error}`);
    }
  }
});

test('a choice that does not exist is refused, listing those that do', () => {
  const gram = Float64Array.of(1);
  const refusedChoices: [AggregatorChoice, RegExp][] = [
    [
      { name: 'toString' as AggregatorName },
      /unknown aggregator "toString"; known: grain, mean, grain-normalized, /,
    ],
    [{ name: 'grain', parameters: { c: 1 } }, /grain has no parameter "c"; known: none/],
    [{ name: 'cagrad', parameters: { toString: 1 } }, /no parameter "toString"; known: c/],
    [{ name: 'cagrad', parameters: { c: 1 } }, /c is 1; expected a number from 0 to below 1/],
    [{ name: 'cagrad', parameters: { c: Number.NaN } }, /c is NaN/],
    [{ name: 'gradvac', parameters: { beta: 1.5 } }, /beta is 1.5; expected a number from 0 to 1/],
    [{ name: 'mean', smoothing: 1 }, /smoothing is 1; expected a number from 0 to below 1/],
    [{ name: 'mean', smoothing: -0.1 }, /smoothing is -0.1/],
    [{ name: 'graddrop' }, /not decided by one Gram matrix: it needs every coordinate/],
    [{ name: 'grain-layerwise' }, /it needs the Gram matrix of each parameter block/],
  ];
  for (const [choice, message] of refusedChoices) {
    assert.throws(() => aggregate({ gram }, choice), { name: 'RangeError', message });
  }
});

test('groups and seeds that cannot be are refused', () => {
  const gram = Float64Array.of(1, 0, 0, 1);
  for (const groups of [[1], [1, 1], [1, Number.NaN], [1, 2, 3]]) {
    assert.throws(() => aggregate({ gram, groups }, 'mean'), /expected 2 different numbers/);
  }
  for (const seed of [0.5, Number.NaN]) {
    assert.throws(() => aggregate({ gram, seed }, 'mean'), /expected a whole number/);
  }
});

test('a parameter given at its default changes nothing; another value does', () => {
  const { gram } = withThird([-1, -0.2]);
  const changed: [AggregatorName, string, number][] = [
    ['cagrad', 'c', 0.9],
    ['nash-mtl', 'maxNorm', 0],
    ['aligned-mtl', 'tolerance', 0.5],
    ['imtl-g', 'tolerance', 0.5],
  ];
  for (const [name, key, value] of changed) {
    const plain = aggregate({ gram }, name);
    const standard = aggregators[name].parameters[key]!.default;
    assert.deepEqual(aggregate({ gram }, { name, parameters: { [key]: standard } }), plain);
    const other = aggregate({ gram }, { name, parameters: { [key]: value } });
    assert.notDeepEqual(other.weights, plain.weights);
  }
});

test('every description is complete and goes by its own name', () => {
  for (const [name, description] of Object.entries(aggregators)) {
    assert.equal(description.name, name);
    assert.match(description.reference, /arXiv:\d{4}\.\d{5}|doi:10\./);
    assert.match(description.guarantee, /^[^.;].*\.$/);
    assert.ok(description.title);
    for (const { default: standard, min, max } of Object.values(description.parameters)) {
      assert.ok(min <= standard && standard <= max);
    }
    assert.equal(
      description.name in weightings,
      description.decidedBy === 'gram' || description.decidedBy === 'arrival',
    );
  }
});
