import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { gaussian } from '../../../src/engine/gaussian.ts';
import { keyedRandom } from '../../../src/engine/keyedRandom.ts';
import { findingsOf } from '../../../src/experiment/findings.ts';
import { sequentialFigures } from '../../../src/experiment/sequentialFigures.ts';
import { type Plan, planOf, seedsToAdd } from '../../../src/experiment/settling.ts';
import { contains } from '../../../src/experiment/statistics/interval.ts';
import type { Pair } from '../../../src/experiment/statistics/pairs.ts';
import { signFlipP } from '../../../src/experiment/statistics/permutation.ts';
import {
  alphaAt,
  commonInterval,
  looksUpTo,
  overallP,
} from '../../../src/experiment/statistics/sequential.ts';
import { deviationDifferences } from '../../../src/experiment/statistics/spread.ts';

const random = keyedRandom('settling', Number(process.env.FAST_CHECK_SEED ?? 0));
const none = { count: 0, n: 8 };
const normal = gaussian(() => uniformFloat64(random));

test('an early look of many has a small error rate, and no infinite bound stays', () => {
  const looks = looksUpTo(8, 1000);
  const rates = looks.map((_, look) => alphaAt(look, looks));
  assert.ok(
    rates.every((rate, look) => rate > (rates[look - 1] ?? 0)),
    String(rates),
  );
  const pairs = Array.from({ length: 8 }, (): Pair => [normal(), normal()]);
  const { interval } = sequentialFigures(pairs, [none, none], looks).spread;
  assert.ok(interval === null || Number.isFinite(interval.high), JSON.stringify(interval));
  const finite = { low: 1, high: 2 };
  assert.deepEqual(commonInterval([{ low: 0, high: Number.POSITIVE_INFINITY }, finite]), finite);
});

test('looks grow by half and end where the plan does', () => {
  assert.deepEqual(looksUpTo(8, 60), [8, 12, 18, 27, 41, 60]);
  assert.deepEqual(looksUpTo(8, 13), [8, 13]);
  assert.deepEqual(looksUpTo(8, 8), [8]);
  const plan = (seeds: unknown) => planOf({ config: { seeds } });
  assert.equal(plan([0, 1]), null);
  assert.equal(plan({ init: 2, order: 2 }), null);
  assert.deepEqual(plan({ until: { difference: 0.1 }, most: 12 })!.looks, [8, 12]);
  assert.equal(plan({ until: { difference: 0.1 }, budget: '1.5h' })!.budget, 5400);
  assert.equal(plan({ until: { difference: 0.1 }, budget: '90 min' })!.budget, 5400);
  const [first, last] = [plan('auto')!.looks[0], plan('auto')!.looks.at(-1)!];
  assert.ok(first === 8 && last > 20 && last < 30, `${last} seeds show spreads 1 : 2`);
});

test('one look is a plain test; more looks ask for more, early ones for most', () => {
  assert.ok(Math.abs(overallP([0.05], [10])! - 0.05) < 0.006);
  assert.ok(Math.abs(alphaAt(0, [10]) - 0.05) < 0.006);
  // O'Brien and Fleming's bounds of two equal looks are 2.797 and 1.977 (Jennison & Turnbull 2000, table 2.3).
  assert.ok(Math.abs(alphaAt(0, [10, 20]) - 0.0052) < 0.001);
  assert.ok(Math.abs(alphaAt(1, [10, 20]) - 0.048) < 0.005);
  assert.equal(overallP([], [10, 20]), null);
  assert.deepEqual(commonInterval([{ low: -1, high: 3 }, null, { low: 0, high: 5 }]), {
    low: 0,
    high: 3,
  });
});

interface Truth {
  readonly ratio?: number;
  readonly shift?: number;
}

/** An experiment that goes on until its plan says that there are enough seeds. */
function settled({ until, looks }: Plan, { ratio = 1, shift = 0 }: Truth) {
  const pairs: Pair[] = [];
  for (let more = looks[0]!; more > 0; ) {
    for (let i = 0; i < more; i++) {
      const shared = normal();
      pairs.push([shift + ratio * (shared + normal()), shared + normal()]);
    }
    const findings = judged(pairs, looks);
    more = seedsToAdd(findings, { until, looks, budget: Number.POSITIVE_INFINITY }, 0);
    if (more === 0) return { pairs, comparison: findings.comparisons[0]! };
  }
  throw new Error('never');
}

function judged(pairs: readonly Pair[], looks: readonly number[]) {
  const results = (['one', 'other'] as const).flatMap((method, side) =>
    pairs.map((pair, seed) => ({
      ...{ run: `${method}-${seed}`, method, seed: String(seed), status: 'finished' as const },
      ...{ counts: true, failed: false, reason: null, value: pair[side]! },
    })),
  );
  const about = { metric: 'loss', better: 'lower', constantPredictor: null } as const;
  return findingsOf({ ...about, isCrossed: false, looks, results, validation: null });
}

describe('an experiment that stops when it is settled', () => {
  const EXPERIMENTS = 200;
  const bySpread = planOf({ config: { seeds: { until: { spread: 2 }, most: 60 } } })!;
  const byWidth = planOf({ config: { seeds: { until: { difference: 0.8 }, most: 60 } } })!;

  test('finds what is not there in at most 5 %, where peeking at plain tests finds more', (t) => {
    let [spread, means, peeked] = [0, 0, 0];
    for (let i = 0; i < EXPERIMENTS; i++) {
      const { pairs, comparison } = settled(bySpread, {});
      if (comparison.spread!.p! < 0.05) spread++;
      if (comparison.means!.p! < 0.05) means++;
      const reached = [12, 18, 27, 41, 60];
      const more = [...pairs];
      while (more.length < 60) more.push([normal(), normal()]);
      if (reached.some((n) => signFlipP(deviationDifferences(more.slice(0, n))) < 0.05)) peeked++;
    }
    const share = (count: number) => count / EXPERIMENTS;
    t.diagnostic(`spread: ${share(spread)}, means: ${share(means)}, peeking: ${share(peeked)}`);
    // A share of 5 % over 200 experiments is below 0.1 with 99.9 % certainty.
    assert.ok(share(spread) < 0.1, `spread: ${share(spread)}`);
    assert.ok(share(means) < 0.1, `means: ${share(means)}`);
    assert.ok(peeked > spread, `peeking: ${share(peeked)}, by looks: ${share(spread)}`);
  });

  test('finds the spread that it was planned for, mostly with fewer seeds than planned', (t) => {
    let [found, seeds] = [0, 0];
    for (let i = 0; i < 100; i++) {
      const { pairs, comparison } = settled(bySpread, { ratio: 3 });
      if (comparison.spread!.p! < 0.05) found++;
      seeds += pairs.length / 100;
    }
    t.diagnostic(`found: ${found} of 100, after ${seeds.toFixed(1)} seeds on average`);
    assert.ok(found >= 85, `${found} of 100`);
    assert.ok(seeds < 0.95 * bySpread.looks.at(-1)!, `${seeds} seeds`);
  });

  test('is as narrow as asked for where it may, and contains the truth in at least 95 %', (t) => {
    let [covered, narrow] = [0, 0];
    for (let i = 0; i < EXPERIMENTS; i++) {
      const { pairs, comparison } = settled(byWidth, { shift: 0.5 });
      const interval = comparison.means!.interval!;
      if (contains(interval, 0.5)) covered++;
      if (interval.high - interval.low <= 1.6 || pairs.length === 60) narrow++;
    }
    assert.equal(narrow, EXPERIMENTS);
    t.diagnostic(`the interval contains the truth: ${covered / EXPERIMENTS}`);
    // The looks share the 5 %, so that 95 % are exceeded by more than the error of 200 experiments.
    assert.ok(covered / EXPERIMENTS >= 0.95, `${covered} of ${EXPERIMENTS}`);
  });
});
