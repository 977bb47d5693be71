/** Σ wᵢgᵢ. */
export function combine(rows: readonly Float64Array[], weights: ArrayLike<number>): Float64Array {
  const sum = new Float64Array(rows[0]!.length);
  for (const [i, row] of rows.entries()) {
    for (let j = 0; j < row.length; j++) sum[j]! += weights[i]! * row[j]!;
  }
  return sum;
}

export function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, x, j) => sum + x * b[j]!, 0);
}

export function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}

export function distance(a: Float64Array, b: Float64Array): number {
  return norm(a.map((x, j) => x - b[j]!));
}

export function scaled(rows: readonly Float64Array[], factor: number): Float64Array[] {
  return rows.map((row) => row.map((x) => factor * x));
}
