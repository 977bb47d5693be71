/** Figures of two methods beside those that packages for studies over seeds give for the same values. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { median } from 'simple-statistics';
import {
  hedgesG,
  probabilityOfImprovement,
  rankBiserial,
} from '../../src/experiment/statistics/effects.ts';
import { mannWhitney } from '../../src/experiment/statistics/mannWhitney.ts';
import { shapiroWilk } from '../../src/experiment/statistics/normality.ts';
import {
  type ProfilePoint,
  performanceProfile,
} from '../../src/experiment/statistics/performanceProfile.ts';
import { autocorrelation } from '../../src/experiment/statistics/series.ts';
import { kruskalWallis, oneWayAnova } from '../../src/experiment/statistics/severalMethods.ts';
import { signedRankP } from '../../src/experiment/statistics/signedRank.ts';
import {
  stochasticOrder,
  violationRatio,
} from '../../src/experiment/statistics/stochasticOrder.ts';
import { interquartileMean } from '../../src/experiment/statistics/summary.ts';
import { studentT, welchT } from '../../src/experiment/statistics/unpairedT.ts';
import { python } from './python.ts';

/** Values by seed, of which higher ones are better. */
export type Pair = readonly [one: readonly number[], other: readonly number[]];

export interface Beside {
  readonly figure: string;
  readonly peer: 'ictonyx' | 'rliable' | 'deepsig';
  readonly ours: number;
  readonly theirs: number;
}

/** @returns for each pair every figure that both sides have */
export async function studiesOf(pairs: readonly Pair[]): Promise<Beside[][]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-studies-'));
  const file = path.join(folder, 'pairs.json');
  try {
    writeFileSync(file, JSON.stringify(pairs));
    const all: Theirs[] = JSON.parse(await python('studies_peer.py', [file]));
    return all.map((theirs, i) => besideOf(pairs[i]!, theirs));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Theirs {
  readonly ictonyx: {
    readonly signedRankP: number;
    readonly rankBiserial: number;
    readonly hedgesG: number;
    readonly mannWhitneyP: number;
    readonly kruskalWallisP: number;
    readonly anovaP: number;
    readonly studentP: number;
    readonly welchP: number;
    readonly shapiroP: number;
    readonly autocorrelation: number;
  };
  readonly rliable: {
    readonly iqm: number;
    readonly probabilityOfImprovement: number;
    readonly profile: readonly [share: number, low: number, high: number];
  };
  readonly deepsig: { violationRatio: number; epsilon: number };
}

function besideOf([one, other]: Pair, { ictonyx, rliable, deepsig }: Theirs): Beside[] {
  const differences = one.map((value, i) => value - other[i]!);
  const profile = profileAt(one, median([...other]));
  const figures: [string, Beside['peer'], number | null, number][] = [
    ['p of the signed-rank test', 'ictonyx', signedRankP(differences), ictonyx.signedRankP],
    ['rank-biserial', 'ictonyx', rankBiserial(differences), ictonyx.rankBiserial],
    ['Hedges’ g', 'ictonyx', hedgesG(one, other), ictonyx.hedgesG],
    ['p of Mann–Whitney', 'ictonyx', mannWhitney(one, other).p, ictonyx.mannWhitneyP],
    [
      'p of Kruskal–Wallis',
      'ictonyx',
      kruskalWallis([one, other])?.p ?? null,
      ictonyx.kruskalWallisP,
    ],
    ['p of analysis of variance', 'ictonyx', oneWayAnova([one, other])?.p ?? null, ictonyx.anovaP],
    ['p of Student’s unpaired t', 'ictonyx', studentT(one, other)?.p ?? null, ictonyx.studentP],
    ['p of Welch’s t', 'ictonyx', welchT(one, other)?.p ?? null, ictonyx.welchP],
    ['p of Shapiro–Wilk, of the one', 'ictonyx', shapiroWilk(one)?.p ?? null, ictonyx.shapiroP],
    [
      'autocorrelation of its runs, lag 1',
      'ictonyx',
      autocorrelation(one, 1),
      ictonyx.autocorrelation,
    ],
    ['IQM', 'rliable', interquartileMean(one), rliable.iqm],
    [
      'P(better)',
      'rliable',
      probabilityOfImprovement(one, other, 'higher'),
      rliable.probabilityOfImprovement,
    ],
    ['share of runs above the other’s median', 'rliable', profile.share, rliable.profile[0]],
    ['its band, from', 'rliable', profile.low, rliable.profile[1]],
    ['its band, to', 'rliable', profile.high, rliable.profile[2]],
    ['violation ratio', 'deepsig', violationRatio(one, other), deepsig.violationRatio],
    ['ε', 'deepsig', stochasticOrder(one, other), deepsig.epsilon],
  ];
  return figures.map(([figure, peer, ours, theirs]) => ({
    ...{ figure, peer, theirs },
    ours: ours ?? Number.NaN,
  }));
}

/** The profile's last step at or before a threshold. */
function profileAt(values: readonly number[], threshold: number): ProfilePoint {
  const points = performanceProfile([values], 'higher');
  return points.findLast((point) => (point.threshold ?? Number.NEGATIVE_INFINITY) <= threshold)!;
}
