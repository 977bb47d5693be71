import { h, setText } from '../dom.ts';
import type { Sheet } from '../export/sheet.ts';
import { tableMenu } from './tableMenu.ts';

/** A value is sorted as what it is, and shown as its text. */
export interface Cell {
  readonly text: string;
  /** `null` where there is none: sorted last, whichever way. */
  readonly value: string | number | null;
}

export interface Line {
  /** Stays the same while its cells change. */
  readonly id: string;
  readonly cells: readonly Cell[];
}

export interface TableState {
  /** Title of the column that is sorted by; `null` for the order as it comes. */
  readonly sortedBy: string | null;
  readonly isDescending: boolean;
  /** Words that a line must all have. */
  readonly filter: string;
}

const AS_IT_COMES: TableState = { sortedBy: null, isDescending: false, filter: '' };

/** A real table, sorted by a click on a title and filtered by words; the first column names the line. */
export class SortableTable {
  readonly element: HTMLElement;
  readonly #head = h('tr');
  readonly #body = h('tbody');
  readonly #filter: HTMLInputElement;
  readonly #count = h('span', { class: 'note', role: 'status' });
  readonly #onChange: (state: TableState) => void;
  #state: TableState;
  #titles: readonly string[] = [];
  #lines: readonly Line[] = [];

  /** @param saved what {@link onChange} was called with, by any version */
  constructor(caption: string, saved: unknown, onChange: (state: TableState) => void) {
    this.#state = restored(saved);
    this.#onChange = onChange;
    const label = `Filter ${caption.toLowerCase()}`;
    this.#filter = h('input', { type: 'search', placeholder: label, 'aria-label': label });
    this.#filter.value = this.#state.filter;
    this.#filter.addEventListener('input', () => this.#change({ filter: this.#filter.value }));
    this.element = h(
      'div',
      {},
      h(
        'div',
        { class: 'table-tools' },
        this.#filter,
        this.#count,
        ...tableMenu(caption, () => this.#sheet()).elements,
      ),
      h(
        'div',
        { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': caption },
        h(
          'table',
          {},
          h('caption', { class: 'visually-hidden' }, `${caption}; titles are buttons that sort`),
          h('thead', {}, this.#head),
          this.#body,
        ),
      ),
    );
  }

  show(titles: readonly string[], lines: readonly Line[]): void {
    if (titles.join('\n') !== this.#titles.join('\n')) {
      this.#head.replaceChildren(...titles.map((title) => this.#title(title)));
      this.#body.replaceChildren();
    }
    this.#titles = titles;
    this.#lines = lines;
    this.#draw();
  }

  #title(title: string): HTMLElement {
    const button = h('button', { type: 'button', class: 'sort' }, title);
    button.addEventListener('click', () => this.#sortBy(title));
    return h('th', { scope: 'col' }, button);
  }

  /** Ascending, descending, and as it comes again. */
  #sortBy(title: string): void {
    const { sortedBy, isDescending } = this.#state;
    if (sortedBy !== title) this.#change({ sortedBy: title, isDescending: false });
    else if (isDescending) this.#change({ sortedBy: null, isDescending: false });
    else this.#change({ isDescending: true });
  }

  #change(change: Partial<TableState>): void {
    this.#state = { ...this.#state, ...change };
    this.#onChange(this.#state);
    this.#draw();
  }

  #draw(): void {
    const { sortedBy, isDescending, filter } = this.#state;
    [...this.#head.cells].forEach((cell, i) => {
      const isSorted = this.#titles[i] === sortedBy;
      if (isSorted) cell.setAttribute('aria-sort', isDescending ? 'descending' : 'ascending');
      else cell.removeAttribute('aria-sort');
    });
    const shown = this.#shown;
    while (this.#body.rows.length > shown.length) this.#body.deleteRow(-1);
    shown.forEach(({ cells }, i) => {
      const row = this.#body.rows[i] ?? this.#body.appendChild(emptyRow(this.#titles.length));
      cells.forEach(({ text, value }, column) => {
        const cell = row.cells[column];
        if (!cell) return;
        setText(cell, text);
        cell.classList.toggle('word', typeof value === 'string');
      });
    });
    setText(this.#count, filter.trim() === '' ? '' : `${shown.length} of ${this.#lines.length}`);
  }

  /** The lines that have all words, sorted. */
  get #shown(): readonly Line[] {
    const { sortedBy, isDescending, filter } = this.#state;
    const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
    const fitting = this.#lines.filter(({ cells }) => {
      const text = cells.map((cell) => cell.text.toLowerCase()).join('\n');
      return words.every((word) => text.includes(word));
    });
    const column = sortedBy === null ? -1 : this.#titles.indexOf(sortedBy);
    if (column < 0) return fitting;
    return fitting.toSorted((a, b) => compare(a.cells[column]!, b.cells[column]!, isDescending));
  }

  #sheet(): Sheet {
    const rows = this.#shown.map(({ cells }) =>
      cells.map(({ text, value }) => (typeof value === 'number' ? value : text)),
    );
    return { titles: this.#titles, rows };
  }
}

function compare(a: Cell, b: Cell, isDescending: boolean): number {
  if (a.value === null || b.value === null)
    return Number(a.value === null) - Number(b.value === null);
  const sign = isDescending ? -1 : 1;
  if (typeof a.value === 'number' && typeof b.value === 'number') return sign * (a.value - b.value);
  return sign * a.text.localeCompare(b.text, 'en', { numeric: true });
}

function emptyRow(columns: number): HTMLTableRowElement {
  const cells = Array.from({ length: columns - 1 }, () => h('td'));
  return h('tr', {}, h('th', { scope: 'row' }), ...cells);
}

function restored(saved: unknown): TableState {
  const { sortedBy, isDescending, filter } = (saved ?? {}) as Partial<
    Record<keyof TableState, unknown>
  >;
  return {
    sortedBy: typeof sortedBy === 'string' ? sortedBy : AS_IT_COMES.sortedBy,
    isDescending: isDescending === true,
    filter: typeof filter === 'string' ? filter : AS_IT_COMES.filter,
  };
}
