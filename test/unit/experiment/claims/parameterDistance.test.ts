import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { distanceOf, parametersAt } from '../../../../src/experiment/claims/parameterDistance.ts';
import { writeArtifacts } from '../../../../src/nn/small/files.ts';

const vectors = (length: number) =>
  fc.float32Array({ noNaN: true, min: -1e3, max: 1e3, minLength: length, maxLength: length });

test('the distance of 4ⁿ parameters that each moved by r is 2ⁿr', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4 }), fc.constantFrom(-8, 0.25, 2), (power, by) => {
      // Powers of two are exact in float32, and so is the distance.
      const start = new Float32Array(4 ** power).fill(0.5);
      const moved = start.map((value) => value + by);
      assert.equal(distanceOf(start, moved), 2 ** power * Math.abs(by));
    }),
  );
});

test('it is a metric: symmetric, zero for equal parameters alone, and no way round is shorter', () => {
  fc.assert(
    fc.property(vectors(7), vectors(7), vectors(7), (a, b, c) => {
      assert.equal(distanceOf(a, b), distanceOf(b, a));
      assert.equal(
        distanceOf(a, b) === 0,
        a.every((value, i) => (value - b[i]!) ** 2 === 0),
      );
      assert.ok(distanceOf(a, c) <= (distanceOf(a, b) + distanceOf(b, c)) * (1 + 1e-12));
    }),
  );
  assert.throws(() => distanceOf(new Float32Array(2), new Float32Array(3)), RangeError);
});

test('parameters of a checkpoint are read as they were written', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-distance-'));
  try {
    const written = Float32Array.from([1, -2, 3.5, 1e-7]);
    const checkpoint = path.join(folder, 'checkpoints', 'step-000024');
    mkdirSync(checkpoint, { recursive: true });
    await writeArtifacts(checkpoint, {
      modelTopology: {},
      weightSpecs: [{ name: 'w', shape: [4], dtype: 'float32' }],
      weightData: written.buffer,
    });
    assert.deepEqual(await parametersAt(folder, 24), written);
    await assert.rejects(parametersAt(folder, 48));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
