import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aggregate } from '../../../src/engine/aggregate.ts';
import { aggregators } from '../../../src/engine/aggregators/registry.ts';
import { diagnose } from '../../../src/engine/diagnose.ts';
import { gramOf } from '../../../src/engine/gram.ts';
import { guaranteeState } from '../../../src/engine/guarantee.ts';
import { families } from './families.ts';
import { random } from './random.ts';

test('a promise is kept, broken, taken back or not made', () => {
  const kept = { certified: true };
  const broken = { certified: false };
  assert.equal(guaranteeState('grain', kept), 'kept');
  assert.equal(guaranteeState('grain', broken), 'broken');
  assert.equal(guaranteeState({ name: 'upgrad', smoothing: 0 }, broken), 'broken');
  assert.equal(guaranteeState({ name: 'upgrad', smoothing: 0.1 }, kept), 'lost');
  assert.equal(guaranteeState('nash-mtl', kept, true), 'lost');
  assert.equal(guaranteeState({ name: 'mean', smoothing: 0.5 }, kept, true), 'none');
  assert.throws(() => guaranteeState({ name: 'grain', parameters: { c: 1 } }, kept), RangeError);
});

const promising = Object.values(aggregators).filter(
  ({ properties, weigh }) => properties.nonConflicting && weigh,
);
for (const { name } of promising) {
  test(`${name}: kept as weighed; weights that someone spoilt are seen as broken, group by group`, () => {
    let spoilt = 0;
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 16 }), fc.integer(), (k, seed) => {
        const gram = gramOf(families.normal(k, 2 * k, random(seed)));
        const { weights } = aggregate({ gram }, name);
        assert.equal(guaranteeState(name, diagnose({ gram }, weights)), 'kept');

        const victim = ((seed % k) + k) % k;
        const corrupted = weights.map((weight, i) => (i === victim ? -weight : weight));
        const inner = corrupted.reduce((sum, w, j) => sum + w * gram[victim * k + j]!, 0);
        if (inner >= 0) return;
        spoilt++;
        const found = diagnose({ gram }, corrupted);
        assert.equal(guaranteeState(name, found), 'broken');
        assert.ok(found.against.includes(victim) && found.minCosine < 0);
        assert.equal(found.gap, Number.POSITIVE_INFINITY);
      }),
    );
    assert.ok(spoilt > 50, `only ${spoilt} were against the victim`);
  });
}
