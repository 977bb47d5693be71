/** Figures of two methods beside those that packages for studies over seeds give for the same values. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  hedgesG,
  probabilityOfImprovement,
  rankBiserial,
} from '../../src/experiment/statistics/effects.ts';
import { signedRankP } from '../../src/experiment/statistics/signedRank.ts';
import {
  stochasticOrder,
  violationRatio,
} from '../../src/experiment/statistics/stochasticOrder.ts';
import { interquartileMean } from '../../src/experiment/statistics/summary.ts';
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
  readonly ictonyx: { signedRankP: number; rankBiserial: number; hedgesG: number };
  readonly rliable: { iqm: number; probabilityOfImprovement: number };
  readonly deepsig: { violationRatio: number; epsilon: number };
}

function besideOf([one, other]: Pair, { ictonyx, rliable, deepsig }: Theirs): Beside[] {
  const differences = one.map((value, i) => value - other[i]!);
  const figures: [string, Beside['peer'], number | null, number][] = [
    ['p of the signed-rank test', 'ictonyx', signedRankP(differences), ictonyx.signedRankP],
    ['rank-biserial', 'ictonyx', rankBiserial(differences), ictonyx.rankBiserial],
    ['Hedges’ g', 'ictonyx', hedgesG(one, other), ictonyx.hedgesG],
    ['IQM', 'rliable', interquartileMean(one), rliable.iqm],
    [
      'P(better)',
      'rliable',
      probabilityOfImprovement(one, other, 'higher'),
      rliable.probabilityOfImprovement,
    ],
    ['violation ratio', 'deepsig', violationRatio(one, other), deepsig.violationRatio],
    ['ε', 'deepsig', stochasticOrder(one, other), deepsig.epsilon],
  ];
  return figures.map(([figure, peer, ours, theirs]) => ({
    ...{ figure, peer, theirs },
    ours: ours ?? Number.NaN,
  }));
}
