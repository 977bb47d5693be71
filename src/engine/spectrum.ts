import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** Eigenvalues and orthonormal eigenvectors of a symmetric matrix, by decreasing eigenvalue. */
export interface Spectrum {
  readonly values: readonly number[];
  /** vectors[i] belongs to values[i]. */
  readonly vectors: readonly (readonly number[])[];
}

/** @param matrix k×k row-major, symmetric and finite */
export function spectrumOf(matrix: Float64Array, k: number): Spectrum {
  const rows = Array.from({ length: k }, (_, i) => matrix.subarray(i * k, (i + 1) * k));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(new Matrix(rows), {
    assumeSymmetric: true,
  });
  const order = realEigenvalues
    .map((_, i) => i)
    .sort((i, j) => realEigenvalues[j]! - realEigenvalues[i]!);
  return {
    values: order.map((i) => realEigenvalues[i]!),
    vectors: order.map((i) => eigenvectorMatrix.getColumn(i)),
  };
}

/** How many eigenvalues exceed `tolerance` times the largest; 0 if none is positive. */
export function rankOf({ values }: Spectrum, tolerance: number): number {
  const floor = Math.max(0, tolerance * values[0]!);
  return values.filter((value) => value > floor).length;
}

/** Σ f(λᵢ) vᵢ ⟨vᵢ, b⟩ over the first `rank` eigenpairs. */
export function applied(
  { values, vectors }: Spectrum,
  rank: number,
  f: (value: number) => number,
  b: Float64Array,
): Float64Array {
  const sum = new Float64Array(b.length);
  for (let i = 0; i < rank; i++) {
    const vector = vectors[i]!;
    let along = 0;
    for (let j = 0; j < b.length; j++) along += vector[j]! * b[j]!;
    along *= f(values[i]!);
    for (let j = 0; j < b.length; j++) sum[j]! += along * vector[j]!;
  }
  return sum;
}
