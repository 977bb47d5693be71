import { h, setText } from '../dom.ts';
import type { Sheet } from '../export/sheet.ts';
import { explanationOf } from '../glossary.ts';
import { tableMenu } from './tableMenu.ts';
import { Toggletip } from './toggletip.ts';

export type Row = readonly string[];

/** A real table; the first column names the row. */
export class Table {
  readonly element: HTMLElement;
  readonly #body = h('tbody');
  readonly #head = h('tr');
  #titles = '';
  #shown: Sheet = { titles: [], rows: [] };

  constructor(caption: string) {
    this.element = h(
      'div',
      { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': caption },
      ...tableMenu(caption, () => this.#shown).elements,
      h(
        'table',
        {},
        h('caption', { class: 'visually-hidden' }, caption),
        h('thead', {}, this.#head),
        this.#body,
      ),
    );
  }

  show(titles: Row, rows: readonly Row[]): void {
    this.#shown = { titles, rows };
    const key = titles.join('\n');
    if (key !== this.#titles) {
      this.#titles = key;
      this.#head.replaceChildren(...titles.map(headOf));
      this.#body.replaceChildren();
    }
    while (this.#body.rows.length > rows.length) this.#body.deleteRow(-1);
    rows.forEach((row, i) => {
      const line = this.#body.rows[i] ?? this.#body.appendChild(emptyRow(titles.length));
      row.forEach((text, column) => {
        const cell = line.cells[column];
        if (cell) setText(cell, text);
      });
    });
  }
}

/** The latest rows behind the charts, collapsed at first; a closed table is not laid out. */
export class DataTable {
  readonly element: HTMLDetailsElement;
  readonly #table: Table;
  #rows: () => readonly [Row, readonly Row[]] = () => [[], []];

  constructor(caption: string, title = 'Data table') {
    this.#table = new Table(caption);
    this.element = h(
      'details',
      { class: 'data-table' },
      h('summary', {}, title),
      this.#table.element,
    );
    this.element.addEventListener('toggle', () => this.#draw());
  }

  /** @param rows makes the titles and the rows, newest first; called only while the table is open. */
  show(rows: () => readonly [Row, readonly Row[]]): void {
    this.#rows = rows;
    this.#draw();
  }

  #draw(): void {
    if (this.element.open) this.#table.show(...this.#rows());
  }
}

function headOf(title: string): HTMLElement {
  const explanation = explanationOf(title);
  const tip = explanation ? new Toggletip(title, explanation).elements : [];
  return h('th', { scope: 'col' }, title, ...tip);
}

function emptyRow(columns: number): HTMLTableRowElement {
  const cells = Array.from({ length: columns - 1 }, () => h('td'));
  return h('tr', {}, h('th', { scope: 'row' }), ...cells);
}
