import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConflictPoint } from '../../../src/extension/messages/points.ts';
import type { GuaranteeCounts, RunHeader } from '../../../src/extension/messages/run.ts';
import { directionSummary, formatGuarantee, verdictOf } from '../../../webview/verdict.ts';
import { runFixture } from '../../webview/fixtures.ts';

const options = { seed: 3, groups: 8, steps: 60 } as const;
const grain = runFixture({ ...options, aggregator: 'grain' });
const last = grain.points.at(-1)!;

function withCounts(run: RunHeader, changes: Partial<GuaranteeCounts>): RunHeader {
  const { guarantee } = run;
  return { ...run, guarantee: { ...guarantee, counts: { ...guarantee.counts, ...changes } } };
}

test('a gradient that is not finite violates a guarantee, and counts as such', () => {
  const point = { ...last, certified: false, minCosine: null, guarantee: 'violated' } as const;
  const run = withCounts(grain.run, { held: 59, violated: 1, conflicted: 1 });
  const { now, past } = verdictOf(run, point, 8);
  assert.match(now, /^A gradient with nonzero weight is not finite/);
  assert.equal(past, '1 of 60 steps violated the guarantee.');
  assert.equal(directionSummary(run, point), '1 violated · 60 steps');
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
  const { now, past } = verdictOf(withCounts(grain.run, { steps: 61 }), point);
  assert.equal(
    now,
    'Which groups this step conflicts with is unknown: the log has no Gram matrix.',
  );
  assert.equal(past, 'All 60 measured steps certified.');
});

test('smoothing loses the guarantee', () => {
  const point = { ...last, guarantee: 'lost' } as const;
  const { now } = verdictOf({ ...grain.run, smoothing: 0.5 }, point, 8);
  assert.match(now, /lost: smoothing keeps 0\.5 of the previous step’s weights\.$/);
});

test('if the number of groups is unknown, their share is given', () => {
  const point = { ...last, conflictsWith: 0.25, certified: false, guarantee: 'none' } as const;
  const { now } = verdictOf(grain.run, point);
  assert.match(now, /^This step conflicts with 25\.0 % of the groups;/);
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

test('a caption says of the directions what it says of them, and not of the updates', () => {
  assert.match(directionSummary(grain.run, last), /^0\.\d+ · direction certified$/);
  const mean = runFixture({ ...options, aggregator: 'mean' });
  const { conflicted } = mean.run.guarantee.counts;
  assert.ok(conflicted > 0);
  assert.equal(
    directionSummary(mean.run, mean.points.at(-1)!),
    `${conflicted} conflict · 60 steps`,
  );
  const streaming = runFixture({ ...options, aggregator: 'grain-streaming' });
  assert.equal(directionSummary(streaming.run, streaming.points.at(-1)!), '');
});

test('updates that were not measured are not mentioned', () => {
  const { run, points } = runFixture({ ...options, aggregator: 'grain-streaming' });
  const verdict = verdictOf(run, points.at(-1), 8);
  assert.equal(verdict.updates, '');
  assert.equal(verdict.past, '');
});
