/** The tests that the verdict does not use, as a table of the report. */
import { formatList } from '../../runs/format.ts';
import { counted, significant } from '../wording.ts';
import { pText } from './cells.ts';
import type { FullReport } from './fullReport.ts';
import type { ReportTable } from './methodTable.ts';

/** When each is appropriate. */
const notes = {
  mannWhitney:
    'Mann–Whitney compares two methods by the ranks of their runs and is for runs that share no seeds: over the same seeds, where values correlate, it loses power to the paired tests above.',
  kruskalWallis:
    'Kruskal–Wallis asks by ranks whether any of several methods differs, and ignores that seeds are shared, as Mann–Whitney does.',
  friedman:
    'Friedman asks the same by ranks within each seed, and is the one for shared seeds; its p is approximate and wants ten seeds or more.',
  anova:
    'One-way analysis of variance asks it of means, for normal values of equal spread, and ignores shared seeds too.',
};
const uncorrected =
  'No p here is corrected, neither for the number of tests nor for looks while seeds come in.';

export function furtherTable({ furtherTests }: Pick<FullReport, 'furtherTests'>): ReportTable {
  const { mannWhitney, several } = furtherTests;
  const made = {
    mannWhitney: mannWhitney.length > 0,
    kruskalWallis: several.some((of) => of.kruskalWallis),
    friedman: several.some((of) => of.friedman),
    anova: several.some((of) => of.anova),
  };
  const shown = (Object.keys(made) as (keyof typeof made)[]).filter((test) => made[test]);
  return {
    title: 'Further tests',
    folded: 'Tests that the verdict does not go by',
    note: [...shown.map((test) => notes[test]), uncorrected].join(' '),
    head: ['methods', 'test', 'over', 'statistic', 'p', 'effect'],
    rows: [
      ...mannWhitney.map(({ one, other, runs, u, p, rankBiserial }) => [
        ...[`${one} − ${other}`, 'Mann–Whitney', `${runs.join(' + ')} runs`],
        ...[`U ${significant(u)}`, pText(p), `r ${significant(rankBiserial, 2)}`],
      ]),
      ...several.flatMap(severalRows),
    ],
    words: 2,
  };
}

function severalRows(of: FullReport['furtherTests']['several'][number]): string[][] {
  const { methods, runs, kruskalWallis, friedman, anova } = of;
  const names = formatList(methods);
  const rows: string[][] = [];
  if (kruskalWallis) {
    const { h, p, epsilonSquared } = kruskalWallis;
    rows.push([
      ...[names, 'Kruskal–Wallis', counted(runs, 'run'), `H ${significant(h)}`],
      ...[pText(p), `ε² ${significant(epsilonSquared, 2)}`],
    ]);
  }
  if (friedman) {
    const { seeds, chiSquare, p, kendallsW } = friedman;
    rows.push([
      ...[names, 'Friedman', counted(seeds, 'seed'), `χ² ${significant(chiSquare)}`],
      ...[pText(p), `W ${significant(kendallsW, 2)}`],
    ]);
  }
  if (anova) {
    const { f, p, omegaSquared } = anova;
    rows.push([
      ...[names, 'analysis of variance', counted(runs, 'run'), `F ${significant(f)}`],
      ...[pText(p), `ω² ${significant(omegaSquared, 2)}`],
    ]);
  }
  return rows;
}
