import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aggregate } from '../../../src/engine/aggregate.ts';
import type { Properties } from '../../../src/engine/aggregators/description.ts';
import { aggregators } from '../../../src/engine/aggregators/registry.ts';
import { weightings } from '../../../src/engine/aggregators/weightings.ts';
import { gramOf } from '../../../src/engine/gram.ts';
import type { AggregatorName } from '../../../src/engine/types.ts';
import { blocksOf, direction } from './direction.ts';
import { samples } from './families.ts';
import { type Random, random } from './random.ts';
import {
  notStationary,
  ofRank,
  type Shape,
  strictlyWeaklyStationary,
  stronglyStationary,
} from './stationarity.ts';
import { combine, distance, dot, norm, scaled } from './vectors.ts';

/** The properties that TorchJD tests its aggregators for, over its families of matrices. */

const U = 2 ** -53;
const names = Object.keys(aggregators) as AggregatorName[];
const SCALES = [0, 1e-15, 1e-10, 1e3, 1e5, 1e10, 1e15];

const small: Shape[] = [
  { k: 1, d: 1, rank: 1 },
  { k: 4, d: 3, rank: 1 },
  { k: 4, d: 3, rank: 2 },
  { k: 4, d: 3, rank: 3 },
  { k: 9, d: 11, rank: 5 },
  { k: 9, d: 11, rank: 9 },
];
const large: Shape[] = [
  { k: 20, d: 10, rank: 10 },
  { k: 20, d: 10, rank: 5 },
  { k: 20, d: 10, rank: 1 },
  { k: 20, d: 100, rank: 1 },
  { k: 20, d: 100, rank: 19 },
];

type Sampler = (shape: Shape, random: Random) => Float64Array[];

function matrices(sampler: Sampler, shapes: readonly Shape[]): Float64Array[][] {
  return shapes.flatMap((shape, i) => [0, 1, 2].map((j) => sampler(shape, random(100 * i + j))));
}

const zeros = small.map(({ k, d }) => Array.from({ length: k }, () => new Float64Array(d)));
const nonStrong = [
  ...matrices(strictlyWeaklyStationary, large),
  ...matrices(notStationary, [...small, ...large]),
];
const typical = [
  ...matrices(ofRank, [...small, ...large]),
  ...matrices(stronglyStationary, large),
  ...nonStrong,
];
const scaledMatrices = SCALES.flatMap((scale) =>
  matrices(ofRank, small).map((rows) => scaled(rows, scale)),
);

/** Hand-made; each breaks something for somebody. */
const special: Float64Array[][] = [
  // Weakly stationary: half of the rows balance, one stands apart.
  [
    [1, 0],
    [-1, 0],
    [0, 1],
  ],
  // Independent, with v = H⁻¹n of sum 0; see the tests of closed forms.
  impartialWithoutSum(),
  [
    [10, 0],
    [10, 1],
    [-1, 1],
  ],
].map((rows) => rows.map((row) => Float64Array.from(row)));

/** Rows whose Gram matrix is [[1, ¼, ⅜], [¼, 1, ⅜], [⅜, ⅜, ¼]]: its Cholesky factor. */
function impartialWithoutSum(): number[][] {
  const l11 = Math.sqrt(1 - 1 / 16);
  const l21 = (3 / 8 - 3 / 32) / l11;
  return [
    [1, 0, 0],
    [1 / 4, l11, 0],
    [3 / 8, l21, Math.sqrt(1 / 4 - 9 / 64 - l21 ** 2)],
  ];
}

function longest(rows: readonly Float64Array[]): number {
  return Math.max(...rows.map(norm));
}

/** How far a property is missed by one matrix, relative to the lengths at hand; 0 if it is met. */
type Miss = (name: AggregatorName, rows: readonly Float64Array[], random: Random) => number;

/** Relative to what float64 can tell: a miss of 1 is at the rounding floor of the sum that d is. */
function conflictBeyondRounding(name: AggregatorName, rows: readonly Float64Array[]): number {
  const d = direction(name, rows);
  const mass = massOf(name, rows);
  return Math.max(
    0,
    ...rows.map((row) => {
      const floor = 8 * (rows.length + row.length) * U * mass * norm(row);
      const inner = dot(d, row);
      return inner < 0 ? -inner / floor : 0;
    }),
  );
}

/** Σ|wᵢ|‖gᵢ‖. */
function massOf(name: AggregatorName, rows: readonly Float64Array[]): number {
  if (!weightings[name]) return longest(rows);
  const { weights } = aggregate({ gram: gramOf(rows) }, name);
  return rows.reduce((sum, row, i) => sum + Math.abs(weights[i]!) * norm(row), 0);
}

function shuffled(rows: readonly Float64Array[], { uniform }: Random): Float64Array[] {
  return rows
    .map((row) => ({ row, key: uniform() }))
    .sort((a, b) => a.key - b.key)
    .map(({ row }) => row);
}

const misses: { [P in Exclude<keyof Properties, 'stronglyStationary'>]: Miss } = {
  convex(name, rows) {
    const weights = blocksOf(rows).flatMap(({ rows: part, gram }) => {
      if (part.every((row) => norm(row) === 0)) return [];
      const single = name === 'grain-layerwise' ? 'grain' : name;
      return weightings[single] ? [aggregate({ gram }, single).weights] : [];
    });
    if (weights.length === 0) return name === 'graddrop' ? 1 : 0;
    return Math.max(
      ...weights.map((w) =>
        Math.max(...w.map((x) => -x), Math.abs(1 - w.reduce((sum, x) => sum + x, 0))),
      ),
    );
  },
  minimumNorm(name, rows) {
    const d = direction(name, rows);
    if (name === 'grain-layerwise') {
      const expected = blocksOf(rows).map(({ gram }) => aggregate({ gram }, 'grain').norm2);
      return Math.abs(dot(d, d) - expected.reduce((a, b) => a + b)) / (longest(rows) ** 2 || 1);
    }
    return distance(d, direction('grain', rows)) ** 2 / (longest(rows) ** 2 || 1);
  },
  nonConflicting(name, rows) {
    // In units of the declared tolerance below.
    return 1e-8 * conflictBeyondRounding(name, rows);
  },
  permutationEquivariant(name, rows, random) {
    const d = direction(name, rows);
    const other = direction(name, shuffled(rows, random));
    return distance(d, other) / (massOf(name, rows) || 1);
  },
  linearUnderScaling(name, rows, { uniform }) {
    const c1 = rows.map(() => uniform() + 0.01);
    const c2 = rows.map(() => uniform() + 0.01);
    const alpha = uniform();
    const beta = uniform();
    const at = (c: readonly number[]) =>
      direction(
        name,
        rows.map((row, i) => row.map((x) => c[i]! * x)),
      );
    const expected = combine([at(c1), at(c2)], [alpha, beta]);
    const found = at(c1.map((c, i) => alpha * c + beta * c2[i]!));
    return distance(found, expected) / (longest(rows) || 1);
  },
  scaleEquivariant(name, rows) {
    const d = direction(name, rows);
    return Math.max(
      ...[1e-15, 1e-3, 1e15].map((factor) => {
        const other = direction(name, scaled(rows, factor));
        return distance(scaled([other], 1 / factor)[0]!, d) / (norm(d) + longest(rows) || 1);
      }),
    );
  },
};

const TOLERANCE = 1e-8;
const declared = Object.keys(misses) as (keyof typeof misses)[];

for (const name of names) {
  const { properties } = aggregators[name];

  test(`${name}: d is finite and as long as a gradient, at every scale`, () => {
    for (const rows of [...zeros, ...typical, ...scaledMatrices, ...special]) {
      const d = direction(name, rows);
      assert.equal(d.length, rows[0]!.length);
      assert.ok(d.every(Number.isFinite));
    }
  });

  for (const property of declared) {
    if (properties[property]) {
      test(`${name}: ${property}`, () => {
        const checked = [...typical, ...scaledMatrices, ...special].filter(
          (rows) => longest(rows) > 0,
        );
        for (const [at, rows] of checked.entries()) {
          const miss = misses[property](name, rows, random(at));
          assert.ok(miss <= TOLERANCE, `${miss} on matrix ${at} (${rows.length} rows)`);
        }
      });
    } else {
      test(`${name}: not ${property}, and says so`, () => {
        const worst = Math.max(
          ...[...special, ...typical].map((rows, at) => misses[property](name, rows, random(at))),
        );
        assert.ok(worst > 1e-3, `worst ${worst}`);
      });
    }
  }

  if (properties.stronglyStationary) {
    test(`${name}: strongly stationary`, () => {
      for (const [at, rows] of [...nonStrong, ...special].entries()) {
        const length = norm(direction(name, rows)) / longest(rows);
        assert.ok(length > 1e-7, `‖d‖ ${length} on matrix ${at}`);
      }
    });
  } else {
    test(`${name}: not strongly stationary, and says so`, () => {
      const shortest = Math.min(
        ...[...special, ...nonStrong].map((rows) => norm(direction(name, rows)) / longest(rows)),
      );
      assert.ok(shortest < 1e-7, `shortest ‖d‖ ${shortest}`);
    });
  }

  if (properties.nonConflicting && aggregators[name].decidedBy === 'gram') {
    test(`${name}: conflicts with no group in any family of gradients`, () => {
      fc.assert(
        fc.property(samples(), ({ rows }) => {
          // Weights off the simplex of nearly parallel gradients are as uncertain as their Gram matrix is singular.
          assert.ok(conflictBeyondRounding(name, rows) <= (properties.minimumNorm ? 1 : 10));
          const { warnings } = aggregate({ gram: gramOf(rows) }, name);
          assert.ok(!warnings.some(({ code }) => code === 'conflict' || code === 'not-optimal'));
        }),
        { numRuns: 300 },
      );
    });
  }
}
