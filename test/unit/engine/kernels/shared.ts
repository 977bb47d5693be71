import assert from 'node:assert/strict';
import { SharedGradients } from '../../../../src/engine/kernels/sharedGradients.ts';

/** The rows, in shared memory. */
export function sharedOf(
  rows: readonly Float32Array[],
  gradients = new SharedGradients(),
): SharedGradients {
  gradients.resize(rows.length, rows[0]!.length);
  for (const [i, row] of rows.entries()) gradients.write(i, 0, row);
  return gradients;
}

/** Σ wᵢgᵢ over the weights that are not 0, as gradient accumulation makes it in float32. */
export function combined(rows: readonly Float32Array[], weights: ArrayLike<number>): Float32Array {
  const [first, ...others] = [...rows.keys()].filter((i) => weights[i] !== 0);
  const times = (i: number, x: number) => Math.fround(Math.fround(weights[i]!) * rows[i]![x]!);
  const sum = rows[0]!.map((_, x) => times(first!, x));
  for (const i of others) for (let x = 0; x < sum.length; x++) sum[x]! += times(i, x);
  return sum;
}

/** |found − exact| ≤ error·‖gᵢ‖‖gⱼ‖ for every entry, and `found` is exactly symmetric. */
export function assertClose(found: Float64Array, exact: Float64Array, error: number): void {
  assert.equal(found.length, exact.length);
  const k = Math.sqrt(exact.length);
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) {
      const at = i * k + j;
      const bound = error * Math.sqrt(exact[i * k + i]!) * Math.sqrt(exact[j * k + j]!);
      const off = Math.abs(found[at]! - exact[at]!);
      assert.ok(off <= bound, `(${i}, ${j}): ${found[at]} is ${off / bound} bounds off`);
      assert.equal(found[at], found[j * k + i]);
    }
  }
}
