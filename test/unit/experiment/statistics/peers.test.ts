import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { mean, sampleStandardDeviation } from 'simple-statistics';
import { keyedRandom } from '../../../../src/engine/keyedRandom.ts';
import { curveShape } from '../../../../src/experiment/curveShapes.ts';
import { bcaInterval, distributionOf } from '../../../../src/experiment/statistics/bootstrap.ts';
import { crossedComponents } from '../../../../src/experiment/statistics/crossed.ts';
import {
  chiSquareTail,
  fTail,
  normalCdf,
  normalQuantile,
  tQuantile,
  tTails,
} from '../../../../src/experiment/statistics/distributions.ts';
import {
  probabilityOfImprovement,
  rankBiserial,
} from '../../../../src/experiment/statistics/effects.ts';
import { fisherP, wilsonInterval } from '../../../../src/experiment/statistics/failures.ts';
import { holm } from '../../../../src/experiment/statistics/holm.ts';
import { mannWhitney } from '../../../../src/experiment/statistics/mannWhitney.ts';
import { pairedT } from '../../../../src/experiment/statistics/means.ts';
import { dagostinoPearson, shapiroWilk } from '../../../../src/experiment/statistics/normality.ts';
import type { Pair } from '../../../../src/experiment/statistics/pairs.ts';
import { signFlipP } from '../../../../src/experiment/statistics/permutation.ts';
import { tPower } from '../../../../src/experiment/statistics/power.ts';
import { dependence } from '../../../../src/experiment/statistics/series.ts';
import {
  friedman,
  kruskalWallis,
  oneWayAnova,
} from '../../../../src/experiment/statistics/severalMethods.ts';
import { signedRankP } from '../../../../src/experiment/statistics/signedRank.ts';
import {
  brownForsythe,
  ratioOfSpreads,
  spreadInterval,
} from '../../../../src/experiment/statistics/spread.ts';
import { violationRatio } from '../../../../src/experiment/statistics/stochasticOrder.ts';
import { interquartileRange, summarise } from '../../../../src/experiment/statistics/summary.ts';
import { studentT, welchT } from '../../../../src/experiment/statistics/unpairedT.ts';
import { python } from '../../../python/python.ts';
import { crossingOf } from './crossingOf.ts';

const CASES = 1000;
const random = keyedRandom('statistics peers', Number(process.env.FAST_CHECK_SEED ?? 0));
const uniform = () => uniformFloat64(random);
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());

/** Final values of n seeds: of a normal distribution, of one with outliers, or tied as an accuracy is; sometimes constant. */
function valuesOf(n: number): number[] {
  const kind = uniformInt(random, 0, 9);
  const [center, scale] = [uniform(), 10 ** (-4 + 4 * uniform())];
  return Array.from({ length: n }, () => {
    if (kind === 0) return center;
    const value = center + scale * normal() * (kind < 3 && uniform() < 0.2 ? 20 : 1);
    return kind < 6 ? Math.round(value * 32) / 32 : value;
  });
}

const sizeOf = (most: number) => (uniform() < 0.2 ? 2 : uniformInt(random, 2, most));
/** Of three to six methods, often tied with each other; now and then all alike. */
function samplesOf(size: () => number): number[][] {
  const count = uniformInt(random, 3, 6);
  if (uniform() < 0.02) return Array.from({ length: count }, () => Array(size()).fill(0.5));
  const shared = valuesOf(size());
  return Array.from({ length: count }, (_, i) => {
    const n = size();
    return i === 1 && shared.length === n ? shared : valuesOf(n);
  });
}
const withMissing = (values: readonly number[]) =>
  values.map((value) => (uniform() < 0.1 ? Number.NaN : value));
const cases = <const T>(make: () => T): T[] => Array.from({ length: CASES }, make);

const statistics = {
  mean: (values: readonly number[]) => mean([...values]),
  std: (values: readonly number[]) => sampleStandardDeviation([...values]),
};

type Figures = number | null | readonly (number | null)[];

interface Comparison {
  readonly name: string;
  readonly inputs: readonly (readonly unknown[])[];
}

const comparisons: Comparison[] = [];
/** The peer's figures for all comparisons, from one process. */
let answers: Promise<Map<string, Figures[]>> | undefined;

async function answersOfPeer(): Promise<Map<string, Figures[]>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-statistics-'));
  const file = path.join(folder, 'cases.json');
  try {
    writeFileSync(file, JSON.stringify(comparisons));

    const all: Figures[][] = JSON.parse(await python('statistics_peer.py', [file]));
    return new Map(comparisons.map(({ name }, i) => [name, all[i]!]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Tests that `ours` are the peer's figures, to 1e-6 of their size; a figure that is undefined is `null` on both sides. */
function compare<Input extends readonly unknown[]>(
  title: string,
  name: string,
  inputs: readonly Input[],
  ours: (...input: [...Input]) => Figures,
): void {
  comparisons.push({ name, inputs });
  test(title, async () => {
    answers ??= answersOfPeer();
    const theirs = (await answers).get(name)!;
    let defined = 0;
    for (const [i, input] of inputs.entries()) {
      const [own, other] = [[ours(...input)].flat(), [theirs[i]!].flat()];
      assert.equal(own.length, other.length);
      for (const [at, value] of own.entries()) {
        const expected = other[at]!;
        const isSame =
          value === null || expected === null
            ? value === expected
            : Math.abs(value - expected) <= 1e-6 * Math.max(Math.abs(expected), 1e-6);
        assert.ok(isSame, `${name}(${JSON.stringify(input)})[${at}]: ${value} is not ${expected}`);
        if (value !== null) defined++;
      }
    }
    assert.ok(defined > inputs.length / 2, 'most cases have figures');
  });
}

describe('agrees with scipy, statsmodels and ictonyx within 1e-6 on 1,000 random data sets', () => {
  compare(
    'distribution functions',
    'distributions',
    cases(() => [
      12 * uniform() - 6,
      10 * normal(),
      uniformInt(random, 1, 200),
      uniform() < 0.5 ? uniform() : 10 ** (-9 * uniform()),
      5 * uniform(),
      uniformInt(random, 1, 10),
      uniformInt(random, 1, 200),
      40 * uniform() ** 2,
    ]),
    (x, t, df, p, f, df1, df2, chi) => [
      chiSquareTail(chi, df1),
      normalCdf(x),
      normalQuantile(p),
      tTails(t, df),
      tQuantile(p, df),
      fTail(f, df1, df2),
    ],
  );

  compare(
    'mean, std, min, max, IQR',
    'summary',
    cases(() => [valuesOf(sizeOf(40))]),
    (values) => {
      const { mean, std, min, max } = summarise(values);
      return [mean, std, min, max, interquartileRange(values)];
    },
  );

  compare(
    'paired t with its interval; pairs with NaN are left out',
    'paired_t',
    cases(() => {
      const n = sizeOf(30);
      return [withMissing(valuesOf(n)), withMissing(valuesOf(n))];
    }),
    (one, other) => {
      const differences = finitePairs(one, other).map(([a, b]) => a - b);
      if (differences.length < 2) return [null, null, null, null];
      const { t, p, interval } = pairedT(differences);
      // Where scipy divides 0 by 0.
      if (differences.every((value) => value === 0)) {
        assert.deepEqual([t, p, interval], [0, 1, { low: 0, high: 0 }]);
        return [null, null, null, null];
      }
      return [t, p, interval?.low ?? null, interval?.high ?? null];
    },
  );

  compare(
    'Brown and Forsythe; values that are NaN are left out',
    'brown_forsythe',
    cases(() => [withMissing(valuesOf(sizeOf(30) + 2)), withMissing(valuesOf(sizeOf(30) + 2))]),
    (...samples) => {
      const finite = samples.map((values) => values.filter(Number.isFinite));
      return finite.some(({ length }) => length < 2) ? null : brownForsythe(finite);
    },
  );

  compare(
    'exact sign flips',
    'sign_flip',
    cases(() => [valuesOf(sizeOf(9)).map((value) => value - 0.5)]),
    (differences) => signFlipP(differences),
  );

  compare(
    "Fisher's exact test",
    'fisher',
    cases(() => {
      const [n, m] = [uniformInt(random, 1, 60), uniformInt(random, 1, 60)];
      return [uniformInt(random, 0, n), n, uniformInt(random, 0, m), m];
    }),
    (one, n, other, m) => fisherP({ count: one, n }, { count: other, n: m }),
  );

  compare(
    "Wilson's interval",
    'wilson',
    cases(() => {
      const n = uniformInt(random, 1, 200);
      return [uniform() < 0.2 ? 0 : uniformInt(random, 0, n), n];
    }),
    (count, n) => {
      const { low, high } = wilsonInterval({ count, n });
      return [low, high];
    },
  );

  compare(
    "Holm's adjustment",
    'holm',
    cases(() => [Array.from({ length: uniformInt(random, 1, 20) }, () => uniform() ** 3)]),
    (ps) => holm(ps),
  );

  compare(
    'rank-biserial correlation',
    'rank_biserial',
    cases(() => [valuesOf(sizeOf(30)).map((value) => Math.round(100 * (value - 0.5)))]),
    (differences) => rankBiserial(differences),
  );
  compare(
    'exact signed ranks, with ties and zeros',
    'signed_rank',
    cases(() => [valuesOf(sizeOf(9)).map((value) => Math.round(50 * (value - 0.5)))]),
    (differences) => signedRankP(differences),
  );
  compare(
    'signed ranks of many seeds',
    'wilcoxon',
    cases(() => [Array.from({ length: uniformInt(random, 5, 50) }, normal)]),
    (differences) => signedRankP(differences),
  );
  compare(
    'Mann and Whitney, exact and with ties',
    'mann_whitney',
    cases(() => [valuesOf(sizeOf(24)), valuesOf(sizeOf(24))]),
    (one, other) => {
      const { u, p } = mannWhitney(one, other);
      return [u, p];
    },
  );
  compare(
    'Kruskal and Wallis',
    'kruskal_wallis',
    cases(() => [samplesOf(() => sizeOf(20))]),
    (samples) => {
      const test = kruskalWallis(samples);
      return [test?.h ?? null, test?.p ?? null];
    },
  );
  compare(
    'Friedman',
    'friedman',
    cases(() => {
      const n = sizeOf(12);
      const samples = samplesOf(() => n);
      return [samples[0]!.map((_, seed) => samples.map((values) => values[seed]!))];
    }),
    (rows) => {
      const test = friedman(rows);
      return [test?.chiSquare ?? null, test?.p ?? null];
    },
  );
  compare(
    'one-way analysis of variance',
    'anova',
    cases(() => [samplesOf(() => sizeOf(20))]),
    (samples) => {
      const test = oneWayAnova(samples);
      return [test?.f ?? null, test?.p ?? null];
    },
  );
  compare(
    'unpaired t, of equal variances and of any',
    'unpaired_t',
    cases(() => [valuesOf(sizeOf(24)), valuesOf(sizeOf(24))]),
    (one, other) => {
      const [student, welch] = [studentT(one, other), welchT(one, other)];
      return [student?.t ?? null, student?.p ?? null, welch?.t ?? null, welch?.p ?? null];
    },
  );
  compare(
    'Shapiro and Wilk, D’Agostino and Pearson',
    'normality',
    cases(() => [valuesOf(sizeOf(40))]),
    (values) => {
      const [shapiro, moments] = [shapiroWilk(values), dagostinoPearson(values)];
      if (moments === null) return [shapiro?.w ?? null, shapiro?.p ?? null];
      return [shapiro!.w, shapiro!.p, moments.chiSquare, moments.p];
    },
  );
  compare(
    'ictonyx: autocorrelation of runs in their order',
    'dependence',
    cases(() => [valuesOf(uniformInt(random, 5, 40))]),
    (values) => {
      const found = dependence(values);
      if (!found) return [null, null];
      const errors = Math.abs(found.autocorrelation) * Math.sqrt(values.length - found.lag);
      return [errors, found.p < 0.05 ? 1 : 0];
    },
  );
  compare(
    'ictonyx: autocorrelation and convergence of curves',
    'curves',
    Array.from({ length: CASES / 4 }, () => {
      const [length, scale] = [uniformInt(random, 20, 60), 10 ** (-5 + 3 * uniform())];
      const rise = uniform() < 0.5 ? 0 : 1;
      return [
        Array.from({ length: uniformInt(random, 2, 5) }, () =>
          Array.from({ length: length + uniformInt(random, 0, 3) }, (_, i) =>
            uniform() < 0.02 ? 0.5 : 1 - rise * Math.exp(-i / 9) + scale * normal(),
          ),
        ),
      ];
    }),
    (curves) => {
      const { autocorrelation, end } = curveShape(curves);
      return [
        ...[end!.flat, end!.within ** 2, end!.between! ** 2],
        ...autocorrelation.flatMap(({ mean, std }) => [mean, std]),
      ];
    },
  );
  compare(
    'violation ratio of stochastic order',
    'violation',
    cases(() => [valuesOf(sizeOf(30)), valuesOf(sizeOf(30))]),
    (one, other) => violationRatio(one, other),
  );
  compare(
    'variance components of crossed seeds',
    'crossed',
    Array.from({ length: CASES / 10 }, () => {
      const [rows, columns] = [uniformInt(random, 2, 6), uniformInt(random, 2, 6)];
      const effects = Array.from({ length: columns }, normal);
      return [
        Array.from({ length: rows }, () => {
          const own = 2 * normal();
          return effects.map((effect) => own + effect + normal());
        }),
      ];
    }),
    (values) => {
      const { sources, rest } = crossedComponents(crossingOf(values));
      return [...sources, rest].map(({ variance }) => variance);
    },
  );
  compare(
    'probability of improvement',
    'probability',
    cases(() => [valuesOf(sizeOf(30)), valuesOf(sizeOf(30))]),
    (one, other) => probabilityOfImprovement(one, other, 'higher'),
  );

  compare(
    'BCa intervals of mean and standard deviation',
    'bca',
    Array.from({ length: CASES / 4 }, (_, i) => {
      const n = uniformInt(random, 3, 20);
      // Which resamples have exactly the estimate's deviation is a matter of rounding: without ties, none.
      const statistic = i % 2 === 0 ? 'mean' : 'std';
      const values = statistic === 'mean' ? valuesOf(n) : Array.from({ length: n }, normal);
      return [values, statistic, distributionOf(values, statistics[statistic], 200)] as const;
    }),
    (values, statistic, distribution) => {
      const interval = bcaInterval(values, statistics[statistic], distribution);
      return interval ? [interval.low, interval.high] : [null, null];
    },
  );

  compare(
    'ratio of spreads with its interval',
    'inverted_ratio',
    cases(() => {
      const n = uniformInt(random, 6, 9);
      return [Array.from({ length: n }, normal), Array.from({ length: n }, normal)];
    }),
    (one, other) => {
      const { ratio, interval } = ratioOfSpreads(finitePairs(one, other))!;
      return [ratio, interval!.low, interval!.high];
    },
  );

  compare(
    'interval of a standard deviation',
    'jackknife_deviation',
    cases(() => [Array.from({ length: uniformInt(random, 3, 30) }, normal)]),
    (values) => {
      const { low, high } = spreadInterval(values)!;
      return [low, high];
    },
  );

  compare(
    'power of a t test',
    't_power',
    cases(() => [6 * uniform(), uniformInt(random, 1, 200)]),
    (noncentrality, df) => tPower(noncentrality, df),
  );
});

/** The pairs of which both values are finite. */
function finitePairs(one: readonly number[], other: readonly number[]): Pair[] {
  return one.flatMap((value, i) => {
    const pair = [value, other[i]!] as const;
    return pair.every(Number.isFinite) ? [pair] : [];
  });
}
