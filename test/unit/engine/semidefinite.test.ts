import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gramOf } from '../../../src/engine/gram.ts';
import { checkSemidefinite } from '../../../src/engine/semidefinite.ts';
import { type FamilyName, families } from './families.ts';
import { random } from './random.ts';

test('Gram matrices of all families of gradients pass, rounded to float32 too', () => {
  const lots = random(7);
  for (const family of Object.keys(families) as FamilyName[]) {
    for (const k of [1, 2, 3, 8, 20]) {
      const gram = gramOf(families[family](k, 6, lots));
      checkSemidefinite({ gram });
      const rounded = Float64Array.from(Float32Array.from(gram));
      if (rounded.every((x, i) => Number.isFinite(x) && (x === 0) === (gram[i] === 0))) {
        checkSemidefinite({ gram: rounded });
      }
    }
  }
});

test('an eigenvalue below zero beyond rounding is named, at any scale of the gradients', () => {
  for (const scale of [1e-100, 1, 1e100]) {
    for (const [least, refused] of [
      [-0.5, true],
      [-0.01, true],
      [-1e-5, false],
      [0, false],
    ] as const) {
      // Three gradients with equal cosines c have the eigenvalues 1 + 2c and 1 − c.
      const c = (least - 1) / 2;
      const gram = Float64Array.from([1, c, c, c, 1, c, c, c, 1], (x) => x * scale);
      const check = () => checkSemidefinite({ gram });
      if (refused) assert.throws(check, new RegExp(`of its cosines ${String(least)}`));
      else check();
    }
  }
});

test('groups that are not finite are left out; zero groups have no inner products', () => {
  const { NaN: nan } = Number;
  checkSemidefinite({ gram: Float64Array.of(1, nan, nan, nan) });
  checkSemidefinite({ gram: Float64Array.of(1, 0, 0, 0) });
  assert.throws(() => checkSemidefinite({ gram: Float64Array.of(1, 1, 1, 0) }), /‖g1‖² is 0/);
});
