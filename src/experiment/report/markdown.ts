/** The report of an experiment as Markdown: the verdict, then the figures that it follows from. */
import { table } from '../markdown.ts';
import type { FullReport } from './fullReport.ts';
import { methodsSentence } from './methods.ts';
import { reportTables } from './tables.ts';

export function reportMarkdown(report: FullReport): string {
  const { verdict } = report;
  const sections = [
    `# ${titleOf(report)}`,
    verdict.words.join('\n\n'),
    verdict.notes.map((note) => `- ${note}`).join('\n'),
    ...reportTables(report).flatMap(({ title, note = '', folded, head, rows, words }) => [
      `## ${title}`,
      ...(folded === undefined
        ? [note, table([head, ...rows], words)]
        : [
            `<details><summary>${folded}</summary>`,
            ...[note, table([head, ...rows], words)],
            '</details>',
          ]),
    ]),
    '## For a paper',
    methodsSentence(report),
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

/** Names of the experiments, each once. */
export function titleOf({ experiments }: FullReport): string {
  return [...new Set(experiments.map(({ name, id }) => name || id))].join(', ');
}
