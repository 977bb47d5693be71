import quadprog from 'quadprog';

/**
 * min ½wᵀHw, Σw = 1, w ≥ 0 by quadprog from npm. Its arrays count from 1 and are overwritten, so a step allocates them anew.
 *
 * @param gram H, k×k row-major
 * @throws what quadprog says where it has no answer
 */
export function npmQuadprog(gram: Float64Array): Float64Array {
  const k = Math.sqrt(gram.length);
  const matrix: number[][] = [[]];
  const constraints: number[][] = [[]];
  for (let i = 0; i < k; i++) {
    matrix.push([0, ...gram.subarray(i * k, (i + 1) * k)]);
    const row = new Array<number>(k + 2).fill(0);
    row[1] = 1;
    row[i + 2] = 1;
    constraints.push(row);
  }
  const linear = new Array<number>(k + 1).fill(0);
  const bounds = [0, 1, ...new Array<number>(k).fill(0)];
  const { solution, message } = quadprog.solveQP(matrix, linear, constraints, bounds, 1);
  if (message) throw new Error(message);
  return Float64Array.from(solution.slice(1), (weight) => Math.max(weight, 0));
}
