/** The report of an experiment as Markdown: the verdict, then the figures that it follows from. */
import { table } from '../markdown.ts';
import type { Verdict } from '../verdict.ts';
import type { FullReport } from './fullReport.ts';
import { methodsSentence } from './methods.ts';
import type { ReportTable } from './methodTable.ts';
import { reportTables } from './tables.ts';

export function reportMarkdown(report: FullReport): string {
  return document(titleOf(report), report.verdict, reportTables(report), [
    '## For a paper',
    methodsSentence(report),
  ]);
}

/** Empty parts are left out. */
export function document(
  title: string,
  verdict: Verdict,
  tables: readonly ReportTable[],
  rest: readonly string[] = [],
): string {
  const sections = [
    `# ${title}`,
    verdict.words.join('\n\n'),
    verdict.notes.map((note) => `- ${note}`).join('\n'),
    ...tables.flatMap(({ title, note = '', folded, head, rows, words }) => [
      `## ${title}`,
      ...(folded === undefined
        ? [note, table([head, ...rows], words)]
        : [
            `<details><summary>${folded}</summary>`,
            ...[note, table([head, ...rows], words)],
            '</details>',
          ]),
    ]),
    ...rest,
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

/** Names of the experiments, each once. */
export function titleOf({ experiments }: FullReport): string {
  return [...new Set(experiments.map(({ name, id }) => name || id))].join(', ');
}
