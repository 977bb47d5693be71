import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aggregate } from '../../../src/engine/aggregate.ts';
import { aggregators } from '../../../src/engine/aggregators/registry.ts';
import { weightings } from '../../../src/engine/aggregators/weightings.ts';
import { diagnose } from '../../../src/engine/diagnose.ts';
import { gramOf } from '../../../src/engine/gram.ts';
import { guaranteeOf } from '../../../src/engine/guarantee.ts';
import type { AggregatorChoice } from '../../../src/engine/types.ts';
import { families } from './families.ts';
import { random } from './random.ts';

function stateOf(
  { name, parameters = {}, smoothing = 0 }: AggregatorChoice,
  step: { readonly certified: boolean | null },
) {
  return guaranteeOf({ name, parameters, smoothing }, step);
}

test('a guarantee held, was violated, is lost, or is not given', () => {
  const held = { certified: true };
  const violated = { certified: false };
  assert.equal(stateOf({ name: 'grain' }, held), 'held');
  assert.equal(stateOf({ name: 'grain' }, violated), 'violated');
  assert.equal(stateOf({ name: 'grain' }, { certified: null }), 'unmeasured');
  assert.equal(stateOf({ name: 'upgrad', smoothing: 0 }, violated), 'violated');
  assert.equal(stateOf({ name: 'upgrad', smoothing: 0.1 }, held), 'lost');
  assert.equal(stateOf({ name: 'mean', smoothing: 0.5 }, held), 'none');
  assert.equal(stateOf({ name: 'grain', parameters: { c: 1 } }, held), null);
});

const guaranteeing = Object.values(aggregators).filter(
  ({ properties, name }) => properties.nonConflicting && weightings[name],
);
for (const { name } of guaranteeing) {
  test(`${name}: its weights hold the guarantee; corrupted weights violate it, and the groups are named`, () => {
    let corruptedCount = 0;
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 16 }), fc.integer(), (k, seed) => {
        const gram = gramOf(families.normal(k, 2 * k, random(seed)));
        const { weights } = aggregate({ gram }, name);
        assert.equal(stateOf({ name }, diagnose({ gram }, weights)), 'held');

        const victim = ((seed % k) + k) % k;
        const corrupted = weights.map((weight, i) => (i === victim ? -weight : weight));
        const inner = corrupted.reduce((sum, w, j) => sum + w * gram[victim * k + j]!, 0);
        if (inner >= 0) return;
        corruptedCount++;
        const found = diagnose({ gram }, corrupted);
        assert.equal(stateOf({ name }, found), 'violated');
        assert.ok(found.conflictsWith.includes(victim) && found.minCosine < 0);
        assert.equal(found.gap, Number.POSITIVE_INFINITY);
      }),
    );
    assert.ok(corruptedCount > 50, `only ${corruptedCount} conflicted with the victim`);
  });
}
