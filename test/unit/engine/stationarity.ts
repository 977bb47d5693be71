import type { Random } from './random.ts';
import { combine, dot, scaled } from './vectors.ts';

/**
 * Matrices whose stationarity is known from their singular vectors, with singular values |N(0, 1)|. J is strongly stationary
 * if some v > 0 has vᵀJ = 0, weakly if some v ≥ 0, v ≠ 0, has.
 */
export interface Shape {
  readonly k: number;
  readonly d: number;
  readonly rank: number;
}

export function ofRank({ k, d, rank }: Shape, random: Random): Float64Array[] {
  return fromLeft(basis(k, [], random).slice(0, rank), d, random);
}

/** All rows are orthogonal, as columns, to a positive v. */
export function stronglyStationary({ k, d, rank }: Shape, random: Random): Float64Array[] {
  const v = unit(positive(k, random));
  return fromLeft(basis(k, [v], random).slice(1, 1 + rank), d, random);
}

/** Orthogonal to a v ≥ 0, and with a left singular vector v' ≥ 0 of which the support is the rest: no positive vector will do. */
export function strictlyWeaklyStationary({ k, d, rank }: Shape, random: Random): Float64Array[] {
  const u = positive(k, random);
  const order = Array.from({ length: k }, (_, i) => ({ i, key: random.uniform() }))
    .sort((a, b) => a.key - b.key)
    .map(({ i }) => i);
  const inV = new Set(order.slice(0, 1 + Math.floor(random.uniform() * (k - 1))));
  const v = unit(u.map((x, i) => (inV.has(i) ? x : 0)));
  const rest = unit(u.map((x, i) => (inV.has(i) ? 0 : x)));
  return fromLeft(basis(k, [v, rest], random).slice(1, 1 + rank), d, random);
}

/** With a positive left singular vector. */
export function notStationary({ k, d, rank }: Shape, random: Random): Float64Array[] {
  return fromLeft(basis(k, [unit(positive(k, random))], random).slice(0, rank), d, random);
}

/** Σ σᵢ uᵢ vᵢᵀ with the given left singular vectors uᵢ. */
function fromLeft(left: readonly Float64Array[], d: number, random: Random): Float64Array[] {
  const right = basis(d, [], random).slice(0, left.length);
  const sigma = left.map(() => Math.abs(random.normal()));
  return Array.from(left[0]!, (_, row) =>
    combine(
      right,
      left.map((u, i) => sigma[i]! * u[row]!),
    ),
  );
}

/** An orthonormal basis of ℝⁿ that begins with the given vectors. */
function basis(n: number, first: readonly Float64Array[], random: Random): Float64Array[] {
  const vectors = [...first];
  while (vectors.length < n) {
    let vector = Float64Array.from({ length: n }, random.normal);
    // Twice is enough (Kahan & Parlett).
    for (let pass = 0; pass < 2; pass++) {
      for (const known of vectors) {
        const along = dot(vector, known);
        vector = vector.map((x, i) => x - along * known[i]!);
      }
    }
    vectors.push(unit(vector));
  }
  return vectors;
}

function positive(n: number, random: Random): Float64Array {
  return Float64Array.from({ length: n }, () => Math.abs(random.normal()));
}

function unit(vector: Float64Array): Float64Array {
  return scaled([vector], 1 / Math.sqrt(dot(vector, vector)))[0]!;
}
