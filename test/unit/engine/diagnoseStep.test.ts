import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aggregateBlocks } from '../../../src/engine/blocks.ts';
import { diagnose } from '../../../src/engine/diagnose.ts';
import { diagnoseStep } from '../../../src/engine/diagnoseStep.ts';
import { gramOf } from '../../../src/engine/gram.ts';
import { guaranteeOf } from '../../../src/engine/guarantee.ts';
import { samples } from './families.ts';
import { normalRows, random } from './random.ts';
import { combine, dot, norm } from './vectors.ts';

const ones = (k: number) => new Float64Array(k).fill(1);

/** Gradients cut in two blocks, with GRAIN's weights of each. */
function inBlocks(rows: readonly Float64Array[], cut: number) {
  const parts = [rows.map((row) => row.subarray(0, cut)), rows.map((row) => row.subarray(cut))];
  const blocks = parts.map((part, b) => ({ name: `b${b}`, gram: gramOf(part) }));
  const answer = aggregateBlocks(blocks, {}, 'grain-layerwise');
  const weighed = blocks.map((block, b) => ({ ...block, weights: answer.blocks[b]!.weights }));
  const gram = blocks[0]!.gram.map((entry, at) => entry + blocks[1]!.gram[at]!);
  const d = Float64Array.from(
    parts.flatMap((part, b) => Array.from(combine(part, weighed[b]!.weights))),
  );
  return { weighed, gram, answer, d };
}

test('one Gram matrix and weights: as `diagnose` has it', () => {
  const gram = gramOf(normalRows(4, 9, random(1)));
  const weights = [0.5, 0.25, 0.25, 0];
  assert.deepEqual(diagnoseStep({ gram, sizes: ones(4), weights }), {
    ...diagnose({ gram }, weights),
    unmeasured: null,
    updateConflictsWith: null,
  });
});

test('blocks: the certificate is of the direction that they make together', () => {
  fc.assert(
    fc.property(samples(), ({ rows }) => {
      if (rows[0]!.length < 2) return;
      const { weighed, gram, answer, d } = inBlocks(rows, rows[0]!.length >> 1);
      const sizes = ones(rows.length);
      const of = diagnoseStep({ gram, sizes, weights: sizes, blocks: weighed });
      assert.equal(of.norm2, answer.norm2);
      assert.equal(of.minCosine, answer.minCosine);
      assert.equal(of.gap, answer.gap);
      assert.equal(of.certified, true);
      assert.deepEqual(of.conflictsWith, []);
      assert.deepEqual(of.cosines, diagnose({ gram }, sizes).cosines);
      const scale = Math.max(...rows.map(norm)) ** 2;
      assert.ok(Math.abs(of.norm2! - dot(d, d)) <= 1e-9 * scale);
    }),
    { numRuns: 50 },
  );
});

test('blocks: weights that someone spoilt are seen as broken, though their mean would be innocent', () => {
  const rows = [
    [1, 0, 1, 0],
    [-1, 1, 1, 0],
  ].map((row) => Float64Array.from(row));
  const { weighed, gram } = inBlocks(rows, 2);
  const spoilt = [{ ...weighed[0]!, weights: [-3, 2] }, weighed[1]!];
  const of = diagnoseStep({ gram, sizes: ones(2), weights: [0.5, 0.5], blocks: spoilt });
  // In the first block d = −3·(1, 0) + 2·(−1, 1) = (−5, 2), and (1, 0) is in the second for both.
  assert.deepEqual(of.conflictsWith, [0]);
  assert.equal(
    guaranteeOf({ name: 'grain-layerwise', parameters: {}, smoothing: 0 }, of),
    'violated',
  );
  assert.equal(of.gap, Number.POSITIVE_INFINITY);
});

test('blocks: a group that is not finite has no weight, or there is no certificate', () => {
  const gram = Float64Array.from([1, Number.NaN, Number.NaN, Number.NaN]);
  const step = (weights: number[]) =>
    diagnoseStep({ gram, sizes: ones(2), weights, blocks: [{ name: 'a', gram, weights }] });
  assert.equal(step([1, 0]).certified, true);
  assert.equal(step([0.5, 0.5]).certified, false);
});

test('a direction that was measured: its cosines, and neither gap nor weights', () => {
  const rows = normalRows(3, 5, random(2));
  const d = normalRows(1, 5, random(3))[0]!;
  const direct = { norm2: dot(d, d), inner: rows.map((row) => dot(d, row)) };
  const of = diagnoseStep({ gram: gramOf(rows), sizes: ones(3), weights: null, direct });
  const cosines = rows.map((row) => dot(d, row) / norm(d) / norm(row));
  assert.ok(Math.abs(of.minCosine! - Math.min(...cosines)) < 1e-12);
  assert.deepEqual(
    of.conflictsWith,
    cosines.flatMap((cosine, i) => (cosine < 0 ? [i] : [])),
  );
  assert.ok(of.conflictsWith.length > 0 && of.certified === false, 'the sample has a conflict');
  assert.deepEqual([of.gap, of.effectiveGroups, of.unmeasured], [null, null, null]);
  assert.ok(Math.abs(of.normRatio! - norm(d) / norm(combine(rows, ones(3).fill(1 / 3)))) < 1e-12);
});

test('a measured direction that is not finite is not certified; a zero one conflicts with none', () => {
  const gram = Float64Array.of(1, 0, 0, 1);
  const of = (norm2: number, inner: number[]) =>
    diagnoseStep({ gram, sizes: ones(2), weights: null, direct: { norm2, inner } });
  assert.equal(of(Number.NaN, [Number.NaN, 1]).certified, false);
  assert.equal(of(0, [0, 0]).certified, true);
});

test('gradients one after another: length and weights are known, which groups d conflicts with is not', () => {
  const of = diagnoseStep({
    gram: null,
    sizes: ones(2),
    weights: [0.5, 0.5],
    streamed: { norm2: 2 },
  });
  const { certified, conflictsWith, minCosine, cosines, conflictRate, normRatio, stationary } = of;
  for (const unknown of [
    certified,
    conflictsWith,
    minCosine,
    cosines,
    conflictRate,
    normRatio,
    stationary,
  ]) {
    assert.equal(unknown, null);
  }
  assert.deepEqual([of.norm2, of.effectiveGroups, of.unmeasured], [2, 2, 'one-by-one']);
  assert.equal(guaranteeOf({ name: 'grain-streaming', parameters: {}, smoothing: 0 }, of), 'none');
});

test('a log without Gram matrix, or without weights: a promise is neither kept nor broken', () => {
  const gram = gramOf(normalRows(2, 3, random(4)));
  const withoutGram = diagnoseStep({ gram: null, sizes: ones(2), weights: [1, 0] });
  const withoutWeights = diagnoseStep({ gram, sizes: ones(2), weights: null });
  assert.equal(withoutGram.unmeasured, 'no-gram');
  assert.equal(withoutWeights.unmeasured, 'no-weights');
  assert.ok(withoutWeights.cosines);
  for (const step of [withoutGram, withoutWeights]) {
    assert.equal(guaranteeOf({ name: 'grain', parameters: {}, smoothing: 0 }, step), 'unmeasured');
    assert.equal(guaranteeOf({ name: 'grain', parameters: {}, smoothing: 0.5 }, step), 'lost');
  }
});

test('the update conflicts with the groups with which its inner product is negative', () => {
  const step = { gram: Float64Array.of(1, 0, 0, 1), sizes: ones(2), weights: [0.5, 0.5] };
  const update = { norm2: 1, inner: [-1e-9, 0] };
  assert.deepEqual(diagnoseStep({ ...step, update }).updateConflictsWith, [0]);
  assert.equal(diagnoseStep(step).updateConflictsWith, null);
});

test('what float32 may have added to the update is not a conflict', () => {
  // ‖g₀‖ = 2, ‖g₁‖ = 1.
  const step = { gram: Float64Array.of(4, 0, 0, 1), sizes: ones(2), weights: [0.5, 0.5] };
  const update = { norm2: 1, inner: [-1.5e-6, -1.5e-6], rounding: 1e-6 };
  assert.deepEqual(diagnoseStep({ ...step, update }).updateConflictsWith, [1]);
});

test('0 in the hull is reported as stationary, a skipped step is not', () => {
  const gram = Float64Array.of(1, -1, -1, 1);
  const of = (weights: number[]) => diagnoseStep({ gram, sizes: ones(2), weights }).stationary;
  assert.deepEqual([of([0.5, 0.5]), of([0, 0]), of([1, 0])], [true, false, false]);
});

test('lists of different lengths are refused', () => {
  const gram = Float64Array.of(1, 0, 0, 1);
  const step = { gram, sizes: ones(2), weights: [0.5, 0.5] };
  const short = { norm2: 1, inner: [1] };
  for (const bad of [
    { ...step, weights: [1] },
    { ...step, gram: null, weights: [1] },
    { ...step, update: short },
    { ...step, weights: null, direct: short },
    { ...step, blocks: [{ name: 'a', gram, weights: [1] }] },
  ]) {
    assert.throws(() => diagnoseStep(bad), RangeError);
  }
});
