import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { gramOf } from '../../../src/engine/gram.ts';
import { ActiveCholesky } from '../../../src/engine/minNorm/activeCholesky.ts';
import { normalRows, random } from './random.ts';
import { distance } from './vectors.ts';

/** A factor beside the indices, in order, of the rows it holds; every row of the matrix can come and go. */
class Tracked {
  readonly factor: ActiveCholesky;
  readonly present: number[] = [];
  readonly matrix: Float64Array;
  readonly b: Float64Array;

  constructor(matrix: Float64Array, b: Float64Array) {
    this.matrix = matrix;
    this.b = b;
    this.factor = new ActiveCholesky(b.length, 1e-14);
    this.factor.clear(b.length);
  }

  append(index: number): boolean {
    const { rows, y, size, stride } = this.factor;
    const from = index * this.b.length;
    for (const [q, i] of [...this.present, index].entries()) {
      rows[size * stride + q] = this.matrix[from + i]!;
    }
    y[size] = this.b[index]!;
    const isIndependent = this.factor.append();
    if (isIndependent) this.present.push(index);
    return isIndependent;
  }

  delete(p: number): void {
    this.factor.delete(p);
    this.present.splice(p, 1);
  }

  /** Mx of the solution found, on the rows present. */
  product(): Float64Array {
    const x = new Float64Array(this.b.length);
    this.factor.solve(x);
    return Float64Array.from(this.present, (i) =>
      this.present.reduce((sum, j, q) => sum + this.matrix[i * this.b.length + j]! * x[q]!, 0),
    );
  }
}

test('after rows are appended and deleted the solution is that of the rows present', () => {
  const steps = fc.array(
    fc.record({ goes: fc.boolean(), where: fc.double({ noNaN: true, min: 0, max: 0.999 }) }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer(), steps, (k, seed, moves) => {
      const { normal, uniform } = random(seed);
      const rows = normalRows(k, 2 * k, { normal, uniform });
      const tracked = new Tracked(gramOf(rows), Float64Array.from(rows, normal));
      for (const { goes, where } of [...moves, { goes: false, where: 0 }]) {
        const absent = rows.map((_, i) => i).filter((i) => !tracked.present.includes(i));
        if (goes && tracked.present.length > 0) {
          tracked.delete(Math.floor(where * tracked.present.length));
        } else if (absent.length > 0) {
          tracked.append(absent[0]!);
        }
        const b = Float64Array.from(tracked.present, (i) => tracked.b[i]!);
        assert.equal(tracked.factor.size, b.length);
        assert.ok(distance(tracked.product(), b) < 1e-8);
      }
    }),
  );
});

test('a row that depends on those before it is refused and expressed in their terms', () => {
  for (let k = 5; k < 12; k++) {
    const rows = normalRows(k, 3 * k, random(k));
    // The last row but one is the sum of the first two.
    rows[k - 2] = rows[0]!.map((x, j) => x + rows[1]![j]!);
    const tracked = new Tracked(gramOf(rows), new Float64Array(k).fill(1));
    for (let i = 0; i < k - 2; i++) assert.ok(tracked.append(i));
    assert.equal(tracked.append(k - 2), false);
    assert.deepEqual(tracked.present, [...rows.keys()].slice(0, k - 2));
    const coefficients = new Float64Array(k - 2);
    tracked.factor.expressRefused(coefficients);
    const expected = Float64Array.from(coefficients, (_, i) => (i < 2 ? 1 : 0));
    assert.ok(distance(coefficients, expected) < 1e-10);
  }
});
