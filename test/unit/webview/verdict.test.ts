import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConflictPoint } from '../../../src/extension/messages/points.ts';
import { counted, formatGuarantee, noSteps, verdictOf } from '../../../webview/verdict.ts';
import { runFixture } from '../../webview/fixtures.ts';

const options = { seed: 3, groups: 8, steps: 60 } as const;
const grain = runFixture({ ...options, aggregator: 'grain' });
const last = grain.points.at(-1)!;

test('counts add up, whatever the batches', () => {
  const { points } = runFixture({ ...options, aggregator: 'mean' });
  const whole = counted(noSteps, points);
  const parts = [points.slice(0, 7), points.slice(7, 7), points.slice(7)];
  assert.deepEqual(parts.reduce(counted, noSteps), whole);
  assert.equal(whole.steps, 60);
  assert.equal(whole.conflicted, points.filter(({ conflictsWith }) => conflictsWith! > 0).length);
  assert.equal(whole.violated, 0, 'the mean has no guarantee to violate');
});

test('a gradient that is not finite violates a guarantee, and counts as such', () => {
  const point = { ...last, certified: false, minCosine: null, guarantee: 'violated' } as const;
  const verdict = verdictOf(grain.run, point, counted(noSteps, [point]), 8);
  assert.equal(verdict.state, 'violated');
  assert.match(verdict.now, /^A gradient with nonzero weight is not finite/);
  assert.equal(verdict.past, '1 of 1 step violated the guarantee.');
});

test('a guarantee that the log does not show is not measured, with the reason', () => {
  const point = {
    ...last,
    certified: null,
    minCosine: null,
    conflictsWith: null,
    guarantee: 'unmeasured',
    unmeasured: 'no-gram',
  } as const;
  const tally = counted(counted(noSteps, grain.points), [point]);
  const verdict = verdictOf(grain.run, point, tally);
  assert.equal(verdict.badge, 'not measured');
  assert.equal(
    verdict.now,
    'Which groups this step conflicts with is unknown: the log has no Gram matrix.',
  );
  assert.equal(verdict.past, 'All 60 measured steps certified.');
});

test('smoothing loses the guarantee', () => {
  const point = { ...last, guarantee: 'lost' } as const;
  const run = { ...grain.run, smoothing: 0.5 };
  const { now } = verdictOf(run, point, counted(noSteps, [point]), 8);
  assert.match(now, /lost: smoothing keeps 0\.5 of the previous step’s weights\.$/);
});

test('if the number of groups is unknown, their share is given', () => {
  const point = { ...last, conflictsWith: 0.25, certified: false, guarantee: 'none' } as const;
  const { now } = verdictOf(grain.run, point, counted(noSteps, [point]));
  assert.match(now, /^This step conflicts with 25 % of the groups;/);
});

test('the table says in words whether the guarantee held', () => {
  const words = (guarantee: ConflictPoint['guarantee']) => formatGuarantee({ ...last, guarantee });
  assert.deepEqual((['held', 'violated', 'none', 'lost', 'unmeasured', null] as const).map(words), [
    'held',
    'violated',
    'none given',
    'lost by smoothing',
    'not measured',
    'unknown',
  ]);
});

test('updates that were not measured are not mentioned', () => {
  const { run, points } = runFixture({ ...options, aggregator: 'grain-streaming' });
  const verdict = verdictOf(run, points.at(-1), counted(noSteps, points), 8);
  assert.equal(verdict.updates, '');
  assert.equal(verdict.past, '');
});
