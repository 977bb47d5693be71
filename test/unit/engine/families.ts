import fc from 'fast-check';
import { normalRows, type Random, random } from './random.ts';
import { combine, dot, scaled } from './vectors.ts';

type Family = (k: number, d: number, random: Random) => Float64Array[];

/** Kinds of gradient sets; each has been the ruin of some solver. */
export const families = {
  normal: normalRows,

  'low rank': (k, d, random) => {
    const basis = normalRows(3, d, random);
    return normalRows(k, 3, random).map((coefficients) => combine(basis, coefficients));
  },

  'near-parallel': (k, d, random) => {
    const [common] = normalRows(1, d, random);
    const spread = 10 ** (-1 - 9 * random.uniform());
    return normalRows(k, d, random).map((row) => row.map((x, j) => common![j]! + spread * x));
  },

  'near-parallel clusters': (k, d, random) => {
    const centres = normalRows(3, d, random);
    const spread = 10 ** (-4 - 6 * random.uniform());
    return normalRows(k, d, random).map((row, i) =>
      row.map((x, j) => centres[i % 3]![j]! + spread * x),
    );
  },

  'near-antiparallel': (k, d, random) => {
    const [axis] = normalRows(1, d, random);
    const spread = 10 ** (-4 - 5 * random.uniform());
    return normalRows(k, d, random).map((row, i) => {
      const length = (i % 2 === 0 ? 1 : -1) * (1 + random.uniform());
      return row.map((x, j) => length * axis![j]! + spread * x);
    });
  },

  duplicates: (k, d, random) => {
    const rows = normalRows(Math.ceil(k / 3), d, random);
    return Array.from({ length: k }, (_, i) => rows[i % rows.length]!);
  },

  /** Some positive combination of all rows is zero. */
  'strongly stationary': (k, d, random) => {
    const rows = normalRows(Math.max(1, k - 1), d, random);
    const balance = combine(
      rows,
      Float64Array.from(rows, () => -random.uniform() - 0.01),
    );
    return [...rows, balance];
  },

  /** A combination of some rows is zero while the others agree on a direction orthogonal to these. */
  'weakly stationary': (k, d, random) => {
    const [axis] = normalRows(1, d, random);
    const across = (row: Float64Array) => {
      const along = dot(row, axis!) / dot(axis!, axis!);
      return row.map((x, j) => x - along * axis![j]!);
    };
    const flat = normalRows(Math.ceil(k / 2), d, random).map(across);
    const balance = combine(
      flat,
      Float64Array.from(flat, () => -random.uniform() - 0.01),
    );
    const raised = normalRows(Math.floor(k / 2), d, random).map((row) =>
      across(row).map((x, j) => x + axis![j]!),
    );
    return [...flat, balance, ...raised];
  },

  'norms over 12 decades': (k, d, random) =>
    normalRows(k, d, random).map((row) => scaled([row], 10 ** (12 * random.uniform() - 6))[0]!),

  'conflict over 12 decades': (k, d, random) => {
    const [axis] = normalRows(1, d, random);
    return normalRows(k, d, random).map((row, i) => {
      const length = (i % 2 === 0 ? 1 : -1) * 10 ** (12 * random.uniform() - 6);
      return row.map((x, j) => length * (axis![j]! + 0.1 * x));
    });
  },
} satisfies Record<string, Family>;

/** What a step's gradients look like at any k, from well to badly determined; measured in bench/solve.ts. */
export const stepFamilies: Record<string, (k: number, random: Random) => Float64Array[]> = {
  /** Independent gradients of a high dimension: every group in the support. */
  'near-orthogonal': (k, random) => normalRows(k, 4 * k, random),

  /** A common gradient plus noise of its own length, in few dimensions. */
  'common mean': (k, random) => {
    const [common] = normalRows(1, 16, random);
    return normalRows(k, 16, random).map((row) => row.map((x, j) => common![j]! + x));
  },

  /** On one side of a plane, with more groups than dimensions. */
  'half-space': (k, random) => {
    const d = Math.max(2, k / 4);
    const [axis] = normalRows(1, d, random);
    return normalRows(k, d, random).map((row) => (dot(row, axis!) < 0 ? row.map((x) => -x) : row));
  },
};

export type FamilyName = keyof typeof families;

export interface Sample {
  readonly family: FamilyName;
  readonly rows: Float64Array[];
}

/** Gradients of every family (or of those named), k = 1…64 groups of d = 2…64 numbers, each from a seed that is reported. */
export function samples(
  names = Object.keys(families) as FamilyName[],
  largestK = 64,
): fc.Arbitrary<Sample> {
  return fc
    .record({
      family: fc.constantFrom(...names),
      k: fc.integer({ min: 1, max: largestK }),
      d: fc.oneof(fc.integer({ min: 2, max: 8 }), fc.integer({ min: 2, max: 64 })),
      seed: fc.integer(),
    })
    .map(({ family, k, d, seed }) => {
      const rows = (families[family] as Family)(k, d, random(seed));
      return { family, k, d, seed, rows };
    });
}
