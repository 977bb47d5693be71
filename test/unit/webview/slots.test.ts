import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aggregators } from '../../../src/engine/aggregators/registry.ts';
import { dashOf, preferredSlot, slotsOf } from '../../../webview/charts/slots.ts';

const names = Object.keys(aggregators);

test('every aggregator of the registry has its own colour, alone and among others', () => {
  const slots = names.map(preferredSlot);
  assert.equal(new Set(slots).size, names.length);
  assert.deepEqual([...slotsOf(names).values()], slots);
  assert.ok(slots.every((slot) => slot < 16));
});

test('aggregators with settings get places that are free, and keep them as others join', () => {
  const labels = ['grain', 'cagrad c=0.2', 'cagrad c=0.4', 'cagrad c=0.8', 'grain preconditioned'];
  const slots = slotsOf(labels);
  assert.equal(new Set(slots.values()).size, labels.length);
  const more = slotsOf([...labels, 'cagrad c=0.9', 'grain smoothing=0.9']);
  for (const label of labels) assert.equal(more.get(label), slots.get(label));
});

test('more than there are colours differ by their dashes', () => {
  const labels = Array.from({ length: 40 }, (_, i) => `cagrad c=${i / 40}`);
  const looks = [...slotsOf(labels).values()].map((slot) => `${slot % 16} ${dashOf(slot)}`);
  assert.equal(new Set(looks).size, 40);
});

test('neighbouring colours have different dashes', () => {
  for (let slot = 0; slot < 15; slot++) assert.notDeepEqual(dashOf(slot), dashOf(slot + 1));
});
