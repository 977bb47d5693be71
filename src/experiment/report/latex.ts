/** The method × metric table of a report, for a paper: LaTeX with booktabs. */

import type { MethodFigures } from '../findings.ts';
import { inDecimals, NONE } from './cells.ts';
import type { FullReport } from './fullReport.ts';
import { methodsSentence } from './methods.ts';

export function reportLatex(report: FullReport): string {
  const { findings, otherMetrics } = report;
  const metrics = [findings, ...otherMetrics];
  const head = ['method', 'seeds', ...metrics.map(({ metric }) => metric), 'failed'];
  const rows = findings.methods.map(({ method, failures }) => {
    const own = metrics.map((of) => of.methods.find((it) => it.method === method));
    const n = own[0]?.figures?.n ?? 0;
    const failed = failures ? `${failures.count}/${failures.n}` : NONE;
    return [escaped(method), String(n), ...own.map(cellOf), failed];
  });
  const row = (cells: readonly string[]) => `  ${cells.join(' & ')} \\\\`;
  return [
    '% needs \\usepackage{booktabs}',
    '\\begin{table}',
    '  \\centering',
    `  \\begin{tabular}{lr${'c'.repeat(metrics.length)}r}`,
    '  \\toprule',
    row(head.map(escaped)),
    '  \\midrule',
    ...rows.map(row),
    '  \\bottomrule',
    '  \\end{tabular}',
    `  \\caption{Mean $\\pm$ standard deviation over seeds. ${escaped([...report.verdict.words, methodsSentence(report)].join(' '))}}`,
    '\\end{table}',
  ].join('\n');
}

function cellOf(method: MethodFigures | undefined): string {
  if (!method?.figures) return NONE;
  const { mean, std } = method.figures;
  const text = inDecimals(std ?? 0);
  const number = (value: number) => text(value).replace('−', '-');
  return std === null ? `$${number(mean)}$` : `$${number(mean)} \\pm ${number(std)}$`;
}

const special: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '−': '$-$',
  '×': '$\\times$',
  '±': '$\\pm$',
  '·': '$\\cdot$',
  '…': '\\dots{}',
  '’': "'",
  '|': '$|$',
  '<': '$<$',
  '>': '$>$',
};

/** Text in which no character commands LaTeX. */
function escaped(text: string): string {
  return text.replaceAll(
    /[\\~^−×±·…’|<>&%#_{}$]/g,
    (character) => special[character] ?? `\\${character}`,
  );
}
