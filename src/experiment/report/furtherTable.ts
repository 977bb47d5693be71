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
  unpairedT:
    'Student’s and Welch’s unpaired t tests compare means and ignore shared seeds as well; Welch’s does not take the spreads to be equal.',
  kruskalWallis:
    'Kruskal–Wallis asks by ranks whether any of several methods differs, and ignores that seeds are shared, as Mann–Whitney does.',
  friedman:
    'Friedman asks the same by ranks within each seed, and is the one for shared seeds; its p is approximate and wants ten seeds or more.',
  anova:
    'One-way analysis of variance asks it of means, for normal values of equal spread, and ignores shared seeds too.',
  normality:
    'Shapiro–Wilk, and from twenty values on D’Agostino–Pearson, ask whether values could be normal: of the differences, paired t tests take it for granted, of each method’s runs, analysis of variance and unpaired t tests. A large p over few seeds proves nothing, and a test that is chosen by them has another p than it says.',
  dependence:
    'Autocorrelation asks whether a run resembles those before it in the order of the seeds, which independent runs do not; its p is corrected for the five lags that it looks at, and over ten runs or fewer it finds next to nothing.',
};
const uncorrected =
  'No p is corrected for the number of tests here or for looks while seeds come in.';

export function furtherTable({ furtherTests }: Pick<FullReport, 'furtherTests'>): ReportTable {
  const { mannWhitney, unpairedT, several, normality, dependence } = furtherTests;
  const normal = [
    ...normality.differences.map((of) => ({ name: `${of.one} − ${of.other}`, unit: 'seed', of })),
    ...normality.methods.map((of) => ({ name: of.method, unit: 'run', of })),
  ];
  const made = {
    mannWhitney: mannWhitney.length > 0,
    unpairedT: unpairedT.some(({ student }) => student),
    kruskalWallis: several.some((of) => of.kruskalWallis),
    friedman: several.some((of) => of.friedman),
    anova: several.some((of) => of.anova),
    normality: normal.length > 0,
    dependence: dependence.length > 0,
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
      ...unpairedT.flatMap(unpairedRows),
      ...several.flatMap(severalRows),
      ...normal.flatMap(({ name, unit, of }) => normalityRows(name, unit, of)),
      ...dependence.map(({ method, n, lag, autocorrelation, p }) => [
        ...[method, 'autocorrelation', counted(n, 'run')],
        ...[`r ${significant(autocorrelation, 2)} at lag ${lag}`, pText(p), ''],
      ]),
    ],
    words: 2,
  };
}

function unpairedRows(of: FullReport['furtherTests']['unpairedT'][number]): string[][] {
  const { one, other, runs, student, welch } = of;
  return Object.entries({ 'Student’s t, unpaired': student, 'Welch’s t': welch }).flatMap(
    ([name, test]) =>
      test
        ? [
            [
              ...[`${one} − ${other}`, name, `${runs.join(' + ')} runs`],
              ...[`t ${significant(test.t)}, df ${significant(test.df)}`, pText(test.p), ''],
            ],
          ]
        : [],
  );
}

function normalityRows(
  name: string,
  unit: string,
  of: FullReport['furtherTests']['normality']['methods' | 'differences'][number],
): string[][] {
  const { n, shapiroWilk, dagostinoPearson } = of;
  const about = (test: string) => [name, test, counted(n, unit)];
  const { w, p } = shapiroWilk;
  const rows = [[...about('Shapiro–Wilk'), `W ${significant(w)}`, pText(p), '']];
  if (dagostinoPearson) {
    const { chiSquare, p } = dagostinoPearson;
    rows.push([...about('D’Agostino–Pearson'), `χ² ${significant(chiSquare)}`, pText(p), '']);
  }
  return rows;
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
