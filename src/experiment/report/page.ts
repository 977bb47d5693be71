/** The parts of a report's page: HTML that needs nothing else, no script, no font, no network. */
import { dashOf } from './figures/axes.ts';
import { escaped } from './figures/svg.ts';
import type { ReportTable } from './methodTable.ts';
import { style } from './style.ts';

/** @param title escaped @param body parts, of which empty ones are left out */
export function page(title: string, body: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main>
${body.filter((part) => part !== '').join('\n')}
</main>
</body>
</html>
`;
}

/** Methods have colours in their order. */
export function slotsOf(methods: readonly string[]): (method: string) => number {
  return (method) => methods.indexOf(method) % 6;
}

export function legend(methods: readonly string[]): string {
  const slotOf = slotsOf(methods);
  const items = methods.map(
    (method, row) =>
      `<li><svg viewBox="0 0 30 10" width="30" height="10" aria-hidden="true"><line class="line slot${slotOf(method)}" x1="0" x2="30" y1="5" y2="5" stroke-dasharray="${dashOf(row)}"></line></svg>${escaped(method)}</li>`,
  );
  return items.length < 2 ? '' : `<ul class="legend">${items.join('')}</ul>`;
}

/** @param drawn `null` leaves the figure out */
export function figure(name: string, drawn: string | null, caption: string): string {
  return drawn === null
    ? ''
    : `<figure>${drawn}<figcaption><b>${escaped(name)}.</b> ${escaped(caption)}</figcaption></figure>`;
}

/** Cells with more characters than this may be broken into lines. */
const LONG = 30;

export function tableOf({ note, folded, head, rows, words }: ReportTable): string {
  const isWord = (column: number) => (column < words ? ' class="word"' : '');
  const classOf = (cell: string, column: number) =>
    [...(column < words ? ['word'] : []), ...(cell.length > LONG ? ['long'] : [])].join(' ');
  const cells = (row: readonly string[]) =>
    row.map((cell, column) => {
      // "< 0.001" stays on one line.
      const text = escaped(cell.replaceAll('< ', '<\u00a0'));
      return column === 0
        ? `<th scope="row" class="word">${text}</th>`
        : `<td class="${classOf(cell, column)}">${text}</td>`;
    });
  const table = [
    note === undefined ? '' : `<p class="note">${escaped(note)}</p>`,
    '<div class="scroll" tabindex="0"><table><thead><tr>',
    ...head.map((cell, column) => `<th scope="col"${isWord(column)}>${escaped(cell)}</th>`),
    '</tr></thead><tbody>',
    ...rows.map((row) => `<tr>${cells(row).join('')}</tr>`),
    '</tbody></table></div>',
  ].join('');
  return folded === undefined
    ? table
    : `<details><summary>${escaped(folded)}</summary>${table}</details>`;
}

export function paragraphs(texts: readonly string[]): string {
  return texts.map((text) => `<p>${escaped(text)}</p>`).join('');
}

export function list(texts: readonly string[]): string {
  if (texts.length === 0) return '';
  return `<ul>${texts.map((text) => `<li>${escaped(text)}</li>`).join('')}</ul>`;
}
