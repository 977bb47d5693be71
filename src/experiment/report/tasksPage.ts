/** The report of several tasks as Markdown and as one HTML file that needs nothing else. */
import { formatList } from '../../runs/format.ts';
import { halfWidth } from '../statistics/interval.ts';
import { significant } from '../wording.ts';
import { inDecimals, pText, withInterval } from './cells.ts';
import { profilesFigure } from './figures/profiles.ts';
import { escaped } from './figures/svg.ts';
import { document } from './markdown.ts';
import type { ReportTable } from './methodTable.ts';
import { figure, legend, list, page, paragraphs, slotsOf, tableOf } from './page.ts';
import type { TasksReport } from './tasksReport.ts';

export function tasksMarkdown(report: TasksReport): string {
  return document(titleOf(report), report.verdict, tablesOf(report), [
    '## For a paper',
    methodsSentence(report),
  ]);
}

export function tasksHtml(report: TasksReport): string {
  const { tasks, verdict, findings, performanceProfiles } = report;
  const title = escaped(titleOf(report));
  const methods = findings.methods.map(({ method }) => method);
  const [first, ...others] = tablesOf(report);
  const ids = tasks
    .flatMap(({ experiments }) => experiments.map(({ id }) => `<code>${escaped(id)}</code>`))
    .join(', ');
  const axis = { metric: 'normalized score', better: 'higher' } as const;
  return page(title, [
    `<header><h1>${title}</h1><p class="ids">${ids}</p></header>`,
    `<section class="verdict"><h2>Verdict</h2>${paragraphs(verdict.words)}${list(verdict.notes)}</section>`,
    `<section><h2>${escaped(first!.title)}</h2>${legend(methods)}${tableOf(first!)}`,
    figure(
      'Performance profile',
      profilesFigure({ performanceProfiles, findings: axis }, slotsOf(methods)),
      'Share of the runs of all tasks with a score above a threshold (Agarwal et al. 2021). Band: 95 % at each threshold, bootstrap over the runs of each task; it has no width where all runs or none are above, which few seeds do not prove.',
    ),
    '</section>',
    ...others.map(
      (table) => `<section><h2>${escaped(table.title)}</h2>${tableOf(table)}</section>`,
    ),
    `<section><h2>For a paper</h2>${paragraphs([methodsSentence(report)])}</section>`,
  ]);
}

function titleOf({ tasks }: TasksReport): string {
  return formatList(tasks.map(({ name }) => name));
}

function tablesOf(report: TasksReport): ReportTable[] {
  const all = [methodsTable(report), differencesTable(report), tasksTable(report)];
  return all.filter(({ rows }) => rows.length > 0);
}

function methodsTable({ findings }: TasksReport): ReportTable {
  return {
    title: 'Scores over all tasks',
    note: 'In brackets: 95 % intervals over seeds – Student’s for the mean, the bootstrap within tasks for IQM and median. IQM: mean of the middle half of the runs of all tasks. Median: of the tasks’ means.',
    head: ['method', 'mean', 'IQM', 'median'],
    rows: findings.methods.map((of) => {
      const text = inDecimals(halfWidth(of.meanInterval ?? of.iqmInterval));
      return [
        of.method,
        withInterval(text(of.mean), of.meanInterval, text),
        withInterval(text(of.iqm), of.iqmInterval, text),
        withInterval(text(of.median), of.medianInterval, text),
      ];
    }),
    words: 1,
  };
}

function differencesTable({ findings }: TasksReport): ReportTable {
  return {
    title: 'Differences over all tasks',
    note: 'Of scores on the same task with the same seed. p: Student’s t, stratified by task; Holm: corrected for the comparisons. P(better): that a run of the first method is better than one of the second on the same task.',
    head: ['methods', 'mean', 'p', 'Holm', 'permutation', 'IQM', 'P(better)'],
    rows: findings.comparisons.map((of) => {
      const text = inDecimals(halfWidth(of.interval ?? of.iqmInterval));
      return [
        `${of.one} − ${of.other}`,
        withInterval(text(of.difference), of.interval, text),
        ...[pText(of.p), pText(of.adjusted), pText(of.permutationP)],
        withInterval(text(of.iqmDifference), of.iqmInterval, text),
        withInterval(significant(of.probabilityOfImprovement, 2), of.probabilityInterval, (p) =>
          significant(p, 2),
        ),
      ];
    }),
    words: 1,
  };
}

/** A row for each task, a column for each method: its mean score. */
function tasksTable({ tasks, findings }: TasksReport): ReportTable {
  return {
    title: 'Mean score on each task',
    note: 'What a single task shows, its own report says.',
    head: [
      'task',
      'metric',
      'seeds',
      'score 0',
      'score 1',
      ...findings.methods.map((of) => of.method),
    ],
    rows: tasks.map(({ name, metric, seeds, constantPredictor, perfect }, task) => [
      ...[name, metric, String(seeds.length), significant(constantPredictor), String(perfect)],
      ...findings.methods.map(({ byTask }) => significant(byTask[task]!)),
    ]),
    words: 2,
  };
}

function methodsSentence({ tasks, findings }: TasksReport): string {
  const methods = formatList(findings.methods.map(({ method }) => method));
  const compared =
    findings.comparisons.length === 0
      ? ''
      : ' Methods are compared on the same seeds by a t test stratified by task, confirmed by sign-flip permutation, with Holm’s correction.';
  return `We report ${methods} over ${tasks.length} tasks with ${tasks[0]!.seeds.length} seeds each, as scores that are 0 for a constant prediction and 1 for a perfect one: mean and interquartile mean over runs and tasks, probability of improvement averaged over tasks, and performance profiles, with 95 % intervals of the bootstrap stratified by task, and Student’s for means (Agarwal et al., 2021).${compared}`;
}
