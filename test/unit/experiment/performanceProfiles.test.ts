import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingsOf } from '../../../src/experiment/findings.ts';
import { profilesFigure } from '../../../src/experiment/report/figures/profiles.ts';
import { performanceProfile } from '../../../src/experiment/statistics/performanceProfile.ts';

const shares = (profile: ReturnType<typeof performanceProfile>) =>
  profile.map(({ threshold, share }) => [threshold, share]);

test('the share of the runs better than each threshold, worst first', () => {
  assert.deepEqual(shares(performanceProfile([[3, 1, 3, 2]], 'higher')), [
    [null, 1],
    [1, 3 / 4],
    [2, 1 / 2],
    [3, 0],
  ]);
  assert.deepEqual(shares(performanceProfile([[3, 1, 3, 2]], 'lower')), [
    [null, 1],
    [3, 1 / 2],
    [2, 1 / 4],
    [1, 0],
  ]);
});

test('a run without a value is better than no threshold', () => {
  assert.deepEqual(shares(performanceProfile([[5, null]], 'lower')), [
    [null, 1 / 2],
    [5, 0],
  ]);
  assert.deepEqual(shares(performanceProfile([[null]], 'higher')), [[null, 0]]);
});

test('the band is that of a binomial number of runs', () => {
  // Of B(4, 1/2): P(0) = 1/16 > 2.5 %, P(X ≤ 3) = 15/16 < 97.5 %; of B(8, 1/2): P(0) = 0.4 %, P(X ≤ 1) = 3.5 %.
  const at = (n: number) =>
    performanceProfile([[...Array(n / 2).fill(1), ...Array(n / 2).fill(2)]], 'higher')[1]!;
  assert.deepEqual([at(4).low, at(4).high], [0, 1]);
  assert.deepEqual([at(8).low, at(8).high], [1 / 8, 7 / 8]);
  const [all, none] = [performanceProfile([[7, 7]], 'higher')[0]!, at(8)];
  assert.deepEqual([all.low, all.high, none.share], [1, 1, 1 / 2]);
});

test('over several tasks: the share of all runs, in the band of a sum of binomial numbers', () => {
  const points = performanceProfile(
    [
      [0, 2],
      [1, 2],
    ],
    'higher',
  );
  assert.deepEqual(shares(points), [
    [null, 1],
    [0, 3 / 4],
    [1, 1 / 2],
    [2, 0],
  ]);
  // B(2, 1/2) + 2: 2 and 4 have a quarter each. Of the same runs as one task, B(4, 3/4) has 1 with 4.7 %.
  assert.deepEqual([points[1]!.low, points[1]!.high], [1 / 2, 1]);
  assert.equal(performanceProfile([[0, 2, 1, 2]], 'higher')[1]!.low, 1 / 4);
});

const findings = findingsOf({
  ...{ metric: 'a < b', better: 'lower', constantPredictor: null, isCrossed: false },
  ...{ looks: null, results: [], validation: null },
});

test('steps fall from the worst threshold to the best: where lower is better, to the left', () => {
  const performanceProfiles = [
    { method: 'grain', runs: 2, points: performanceProfile([[1, 3]], 'lower') },
    { method: 'mean', runs: 2, points: performanceProfile([[2, 2]], 'lower') },
  ];
  const drawn = profilesFigure({ performanceProfiles, findings }, () => 0)!;
  assert.ok(drawn.includes('threshold of a &lt; b') && !drawn.includes('NaN'));
  const lines = [...drawn.matchAll(/class="line slot0" d="M([^"]+)"/g)].map(([, d]) =>
    d!.split('L').map((at) => at.split(' ').map(Number)),
  );
  assert.deepEqual(
    lines.map(({ length }) => length),
    [6, 4],
  );
  for (const line of lines) {
    for (const [i, [x, y]] of line.entries()) {
      const [before, above] = line[Math.max(0, i - 1)]!;
      assert.ok(x! <= before! && y! >= above!, 'to the left and down');
    }
  }
});

test('a single value is no figure', () => {
  const points = performanceProfile([[1, 1]], 'lower');
  const performanceProfiles = [{ method: 'grain', runs: 2, points }];
  assert.equal(
    profilesFigure({ performanceProfiles, findings }, () => 0),
    null,
  );
  assert.equal(
    profilesFigure({ performanceProfiles: [], findings }, () => 0),
    null,
  );
});
