import { cosinesOf, submatrix } from './gram.ts';
import { GRAM_SLACK, screen } from './screen.ts';
import { spectrumOf } from './spectrum.ts';
import type { Problem } from './types.ts';

/**
 * Checks that a matrix can be one of inner products: all eigenvalues of the cosines Hᵢⱼ/(‖gᵢ‖‖gⱼ‖) are at least −10⁻³, the
 * rounding that {@link screen} allows, and a gradient of length zero has inner products of zero. Groups that are not finite are
 * left out.
 *
 * Training does not need it: there H is computed from gradients. O(k³).
 *
 * @throws RangeError with the eigenvalue, and as {@link screen} does
 */
export function checkSemidefinite(problem: Problem): void {
  const { gram, k, present, zero } = screen(problem);
  const groups = [...present, ...zero].sort((i, j) => i - j);
  const norms = Float64Array.from({ length: k }, (_, i) => Math.sqrt(problem.gram[i * k + i]!));
  const hasProducts = (i: number) =>
    present.some((j) => Math.abs(problem.gram[i * k + j]!) > SMALLEST * norms[j]!) ||
    zero.some((j) => Math.abs(problem.gram[i * k + j]!) > SMALLEST ** 2);
  const odd = zero.find(hasProducts);
  if (odd !== undefined) {
    const least = leastEigenvalue(submatrix(problem.gram, k, groups), groups.length);
    throw new RangeError(
      `not a Gram matrix: ‖g${odd}‖² is 0, but its inner products are not; the smallest eigenvalue is ${least}`,
    );
  }
  const n = present.length;
  const products = submatrix(gram, k, present);
  const { cosines } = cosinesOf(products, n);
  if (isPositive(cosines, n, GRAM_SLACK)) return;
  const least = leastEigenvalue(products, n);
  const leastCosine = leastEigenvalue(cosines, n);
  throw new RangeError(
    `not a Gram matrix: its smallest eigenvalue is ${least} (that of its cosines ${leastCosine}); expected none below zero beyond rounding`,
  );
}

/** Length below which a gradient counts as zero. */
const SMALLEST = 1e-140;

/** Whether A + shift·I has a Cholesky factorization: then no eigenvalue of A is below −shift. */
function isPositive(matrix: Float64Array, n: number, shift: number): boolean {
  const rows = Array.from({ length: n }, () => new Float64Array(n));
  for (const [i, row] of rows.entries()) {
    for (let j = 0; j <= i; j++) {
      const other = rows[j]!;
      let sum = matrix[i * n + j]! + (i === j ? shift : 0);
      for (let p = 0; p < j; p++) sum -= row[p]! * other[p]!;
      if (i === j && !(sum > 0)) return false;
      row[j] = i === j ? Math.sqrt(sum) : sum / other[j]!;
    }
  }
  return true;
}

function leastEigenvalue(matrix: Float64Array, n: number): number {
  return Number(spectrumOf(matrix, n).values.at(-1)!.toPrecision(6));
}
