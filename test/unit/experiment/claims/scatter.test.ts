import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roundStep, scatterOf } from '../../../../src/experiment/claims/scatter.ts';

test('points lie in order on both axes, with their intervals, and markup in labels stays text', () => {
  const svg = scatterOf({
    title: 'a < b',
    x: 'conflict',
    y: 'gain',
    points: [
      { label: 'few & far', x: 10, y: -0.02, interval: { low: -0.03, high: -0.01 } },
      { label: '<b>', x: 40, y: 0.05, interval: null },
    ],
  });
  const circles = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => ({
    x: Number(x),
    y: Number(y),
  }));
  assert.equal(circles.length, 2);
  assert.ok(circles[0]!.x < circles[1]!.x);
  assert.ok(circles[0]!.y > circles[1]!.y, 'a higher gain is drawn higher');
  const [, low, high] = svg.match(/V?<path d="M[\d.]+ ([\d.]+)V([\d.]+)" stroke="#4a8fdd"/)!;
  assert.ok(Number(low) > circles[0]!.y && Number(high) < circles[0]!.y);
  assert.ok(svg.includes('few &amp; far') && svg.includes('&lt;b>') && !svg.includes('<b>'));
});

test('steps of an axis are 1, 2 or 5 times a power of ten', () => {
  assert.deepEqual([0.011, 0.02, 0.3, 6, 70].map(roundStep), [0.02, 0.02, 0.5, 10, 100]);
});
