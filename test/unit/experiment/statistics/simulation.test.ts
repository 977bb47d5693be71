import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { keyedRandom } from '../../../../src/engine/keyedRandom.ts';
import type { Comparison } from '../../../../src/experiment/comparison.ts';
import { findingsOf } from '../../../../src/experiment/findings.ts';
import { percentileInterval } from '../../../../src/experiment/statistics/bootstrap.ts';
import { crossedComponents } from '../../../../src/experiment/statistics/crossed.ts';
import { normalQuantile } from '../../../../src/experiment/statistics/distributions.ts';
import { extremesOf } from '../../../../src/experiment/statistics/extremes.ts';
import { contains } from '../../../../src/experiment/statistics/interval.ts';
import { meanInterval, pairedT } from '../../../../src/experiment/statistics/means.ts';
import { multiBootstrap } from '../../../../src/experiment/statistics/multiBootstrap.ts';
import { dagostinoPearson, shapiroWilk } from '../../../../src/experiment/statistics/normality.ts';
import type { Pair } from '../../../../src/experiment/statistics/pairs.ts';
import { signFlipP } from '../../../../src/experiment/statistics/permutation.ts';
import {
  pairsNeeded,
  powerOfMeans,
  powerOfSpread,
  visibleEffect,
  visibleRatio,
} from '../../../../src/experiment/statistics/power.ts';
import { dependence } from '../../../../src/experiment/statistics/series.ts';
import {
  brownForsythe,
  deviationDifferences,
  ratioOfSpreads,
  spreadInterval,
} from '../../../../src/experiment/statistics/spread.ts';
import { interquartileRange } from '../../../../src/experiment/statistics/summary.ts';
import { studentT, welchT } from '../../../../src/experiment/statistics/unpairedT.ts';
import { crossingOf } from './crossingOf.ts';

/** A share of so many experiments is within 0.026 of the truth with 99.9 % certainty, for truths of 0.05. */
const EXPERIMENTS = 800;
const random = keyedRandom('statistics simulation', Number(process.env.FAST_CHECK_SEED ?? 0));

function normal(): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniformFloat64(random)));
  return radius * Math.cos(2 * Math.PI * uniformFloat64(random));
}

/** Mean 0, variance 1, skewness 2. */
function skewed(): number {
  return -Math.log(1 - uniformFloat64(random)) - 1;
}

/** χ² with four degrees of freedom. */
function chiSquare4(): number {
  return -2 * Math.log((1 - uniformFloat64(random)) * (1 - uniformFloat64(random)));
}

function shareOf(holds: () => boolean): number {
  return Array.from({ length: EXPERIMENTS }, holds).filter(Boolean).length / EXPERIMENTS;
}

const sample = (n: number, draw = normal) => Array.from({ length: n }, draw);
const pairsOf = (n: number, scale = 1, draw = normal): Pair[] =>
  sample(n).map(() => [scale * draw(), draw()]);

describe('intervals contain the truth in about 95 % of simulated experiments', () => {
  for (const n of [5, 12]) {
    test(`normal values of ${n} seeds: mean, standard deviation`, () => {
      const mean = shareOf(() => contains(meanInterval(sample(n))!, 0));
      const std = shareOf(() => contains(spreadInterval(sample(n))!, 1));
      assert.ok(mean > 0.92 && mean < 0.98, `mean: ${mean}`);
      assert.ok(std > 0.89 && std < 0.99, `std: ${std}`);
    });
  }
});

/** A run in ten ends eight standard deviations lower. */
function failing(): number {
  return normal() - (uniformFloat64(random) < 0.1 ? 8 : 0);
}

test('min and max: how often a further seed is beyond them, and how many are, whatever the distribution', () => {
  const uniformOf = {
    uniform: () => uniformFloat64(random),
    skewed: () => uniformFloat64(random) ** 2,
  };
  const cdf = { uniform: (x: number) => x, skewed: Math.sqrt };
  for (const name of ['uniform', 'skewed'] as const) {
    for (const n of [2, 5, 20]) {
      const { further, beyond } = extremesOf(n);
      const lowest = () => Math.min(...sample(n, uniformOf[name]));
      const next = shareOf(() => uniformOf[name]() < lowest());
      const most = shareOf(() => cdf[name](lowest()) <= beyond);
      assert.ok(Math.abs(next - further) < 4 * Math.sqrt((further * (1 - further)) / EXPERIMENTS));
      assert.ok(most > 0.92 && most < 0.98, `${name}, ${n} seeds: ${most}`);
    }
  }
  // Of ties, no more: all values alike have none below.
  assert.ok(extremesOf(9).further === 1 / 10 && Math.abs(extremesOf(1).beyond - 0.95) < 1e-12);
});

test('IQR: from ten seeds on, the bootstrap contains the truth in nine of ten or more', () => {
  const truth = 2 * normalQuantile(3 / 4);
  let covered = 0;
  for (let experiment = 0; experiment < 200; experiment++) {
    if (contains(percentileInterval(sample(10), interquartileRange, 400)!, truth)) covered++;
  }
  assert.ok(covered >= 174, `${covered} of 200`);
  assert.equal(percentileInterval([1, 1, 1], interquartileRange), null);
});

describe('a ratio of spreads: its interval contains the truth in 93 % or more of simulated experiments, or there is none', () => {
  for (const [name, draw] of Object.entries({ normal, skewed: chiSquare4, failing })) {
    for (const [n, experiments] of [
      [6, 2000],
      [8, 1500],
      [20, 120],
    ] as const) {
      test(`${name} values of ${n} seeds`, () => {
        let covered = 0;
        for (let experiment = 0; experiment < experiments; experiment++) {
          // Every second with seeds that correlate by a half, and with spreads 3 : 1.
          const shared = experiment % 2 === 0 ? sample(n, draw) : null;
          const scale = experiment % 4 < 2 ? 1 : 3;
          const value = (i: number) => (shared ? (shared[i]! + draw()) / Math.SQRT2 : draw());
          const pairs = sample(n).map((_, i): Pair => [scale * value(i), value(i)]);
          const interval = ratioOfSpreads(pairs)?.interval;
          if (!interval || contains(interval, scale)) covered++;
        }
        const share = covered / experiments;
        // 2.6 standard errors: 99.5 % certain.
        const error = 2.6 * Math.sqrt((0.93 * 0.07) / experiments);
        assert.ok(share >= 0.93 - error, `${share}`);
      });
    }
  }

  test('under six seeds none', () => {
    for (const n of [3, 4, 5]) assert.equal(ratioOfSpreads(pairsOf(n))!.interval, null);
    assert.notEqual(ratioOfSpreads(pairsOf(6))!.interval, null);
  });
});

test('shares of the variance of crossed seeds: intervals contain the truth in 93 % or more', () => {
  for (const [a, b] of [
    [1, 1],
    [2, 0.5],
  ] as const) {
    const truth = a ** 2 / (a ** 2 + b ** 2 + 1);
    let covered = 0;
    for (let experiment = 0; experiment < 100; experiment++) {
      const columns = sample(5).map((value) => b * value);
      const rows = sample(5).map((value) => a * value);
      const table = rows.map((row) => columns.map((column) => row + column + normal()));
      if (contains(crossedComponents(crossingOf(table)).sources[0]!.shareInterval!, truth))
        covered++;
    }
    assert.ok(covered >= 88, `${covered} of 100`);
  }
});

test('multi-bootstrap: of seeds and examples that vary, intervals contain the truth as a bootstrap does', () => {
  const [seeds, examples] = [12, 60];
  let [both, seedsAlone] = [0, 0];
  for (let experiment = 0; experiment < 100; experiment++) {
    const ofSeeds = sample(seeds);
    const ofExamples = sample(examples).map((value) => 3 * value);
    const difference = (seed: number, places: ArrayLike<number>) =>
      ofSeeds[seed]! +
      Array.from(places, (place) => ofExamples[place]!).reduce((x, y) => x + y) / places.length;
    const { interval } = multiBootstrap(seeds, examples, difference)!;
    if (contains(interval, 0)) both++;
    const all = Int32Array.from({ length: examples }, (_, place) => place);
    if (contains(meanInterval(ofSeeds.map((_, seed) => difference(seed, all)))!, 0)) seedsAlone++;
  }
  assert.ok(both >= 86, `${both} of 100`);
  // What an interval over seeds alone misses.
  assert.ok(seedsAlone <= both - 5, `${seedsAlone} of 100 without the examples`);
});

describe('tests find a difference where there is none in at most 5 % of simulated experiments', () => {
  for (const [name, draw] of [
    ['normal', normal],
    ['skewed', skewed],
  ] as const) {
    test(`${name} values: t, sign flips, Brown and Forsythe, paired spread`, () => {
      for (const n of [5, 8, 16]) {
        const differences = () => pairsOf(n, 1, draw).map(([a, b]) => a - b);
        const found = {
          t: shareOf(() => pairedT(differences()).p! < 0.05),
          flips: shareOf(() => signFlipP(differences()) < 0.05),
          spread: shareOf(() => signFlipP(deviationDifferences(pairsOf(n, 1, draw))) < 0.05),
          brownForsythe: shareOf(() => brownForsythe([sample(n, draw), sample(n, draw)])! < 0.05),
        };
        for (const [test, share] of Object.entries(found)) {
          assert.ok(share < 0.085, `${test}, n = ${n}: ${share}`);
        }
      }
    });
  }

  test('normal values: unpaired t, normality, dependence of runs on those before', () => {
    for (const n of [8, 20]) {
      const found = {
        student: shareOf(() => studentT(sample(n), sample(n))!.p < 0.05),
        welch: shareOf(() => welchT(sample(n), sample(n))!.p < 0.05),
        shapiroWilk: shareOf(() => shapiroWilk(sample(n))!.p < 0.05),
        dagostinoPearson: shareOf(() => (dagostinoPearson(sample(n))?.p ?? 1) < 0.05),
        dependence: shareOf(() => dependence(sample(n))!.p < 0.05),
      };
      // scipy's is as large: 5.8 % over twenty values.
      const most = { dagostinoPearson: 0.095, dependence: n === 8 ? 0.01 : 0.055 };
      for (const [test, share] of Object.entries(found)) {
        const bound = test in most ? most[test as keyof typeof most] : 0.085;
        assert.ok(share < bound, `${test}, n = ${n}: ${share}`);
      }
      // Skewed ones are told from normal ones.
      if (n === 20) assert.ok(shareOf(() => shapiroWilk(sample(n, skewed))!.p < 0.05) > 0.7);
    }
  });

  test('what is called a difference after correction: of two methods that are alike, in at most 5 %', () => {
    for (const n of [4, 5, 6, 9]) {
      const share = shareOf(() => {
        const { means, spread } = comparisonOf(pairsOf(n));
        return means?.finding === 'shown' || spread?.finding === 'shown';
      });
      assert.ok(share < 0.08, `n = ${n}: ${share}`);
    }
  });
});

describe('power is what it is said to be', () => {
  test('of means: the named number of seeds shows the difference in about 80 %', () => {
    for (const effect of [0.7, 1.2]) {
      const n = pairsNeeded((pairs) => powerOfMeans(effect, pairs))!;
      const share = shareOf(() => pairedT(sample(n).map((x) => x + effect)).p! < 0.05);
      assert.ok(share > 0.74 && share < 0.88, `effect ${effect}, n = ${n}: ${share}`);
      assert.ok(visibleEffect(n) <= effect + 1e-9 && visibleEffect(n - 1) > effect);
    }
    assert.equal(
      pairsNeeded((pairs) => powerOfMeans(0.01, pairs)),
      null,
    );
  });

  test('of spreads: the paired test has about the power that the formula gives', () => {
    for (const ratio of [2, 3]) {
      const n = pairsNeeded((pairs) => powerOfSpread(ratio, pairs))!;
      const share = shareOf(() => signFlipP(deviationDifferences(pairsOf(n, ratio))) < 0.05);
      assert.ok(share > 0.68 && share < 0.92, `ratio ${ratio}, n = ${n}: ${share}`);
      assert.ok(visibleRatio(n) <= ratio + 1e-6 && visibleRatio(n - 1) > ratio);
    }
    // What Brown and Forsythe's test takes in simulations: about 25 seeds a side for a ratio of 0.5, 80 for 0.7.
    const needed = [0.5, 0.7].map((ratio) => pairsNeeded((pairs) => powerOfSpread(ratio, pairs))!);
    assert.ok(Math.abs(needed[0]! - 25) <= 3 && Math.abs(needed[1]! - 80) <= 6, `${needed}`);
  });
});

/** As an experiment of two methods judges them. */
function comparisonOf(pairs: readonly Pair[]): Comparison {
  const results = (['one', 'other'] as const).flatMap((method, side) =>
    pairs.map((pair, seed) => ({
      run: `${method}-${seed}`,
      method,
      seed: String(seed),
      status: 'finished' as const,
      counts: true,
      failed: false,
      reason: null,
      value: pair[side]!,
    })),
  );
  const about = {
    metric: 'accuracy',
    better: 'higher',
    constantPredictor: null,
    isCrossed: false,
    looks: null,
  } as const;
  return findingsOf({ ...about, results, validation: null }).comparisons[0]!;
}
