import type { Confusion, Look } from '../../src/extension/messages/predictions.ts';
import { theme, withTheme } from '../charts/theme.ts';
import { tableMenu } from '../controls/tableMenu.ts';
import { h, setText } from '../dom.ts';
import { grouped, percent } from '../format.ts';

type Cell = Pick<Look, 'target' | 'prediction'>;

/** How often each class is predicted for each: a table whose cells are walked by arrow keys, and filter the examples. */
export class ConfusionView {
  readonly element: HTMLElement;
  readonly #onCell: (cell: Cell) => void;
  readonly #table = h('table', { role: 'grid', 'aria-label': 'Confusion matrix' });
  readonly #mistakes = h('ul', { class: 'mistakes', 'aria-label': 'Most frequent mistakes' });
  readonly #note = h('p', { class: 'note' });
  #confusion: Confusion = { classes: [], counts: [], mistakes: [] };
  #looked: Cell = { target: null, prediction: null };
  /** The cell that has the focus when the table gets it. */
  #at = { row: 0, column: 0 };
  #shown = '';

  constructor(onCell: (cell: Cell) => void) {
    this.#onCell = onCell;
    this.element = h(
      'section',
      { class: 'figure confusion', 'aria-label': 'Confusion' },
      h(
        'div',
        { class: 'title-line' },
        h('h2', {}, 'Targets and predictions'),
        ...tableMenu('Confusion matrix', () => this.#sheet()).elements,
      ),
      h('div', { class: 'table-scroll' }, this.#table),
      this.#mistakes,
      this.#note,
    );
    this.#table.addEventListener('keydown', (event) => this.#move(event));
    withTheme(() => this.#paint());
  }

  show(confusion: Confusion, looked: Cell, seeds: number): void {
    const key = JSON.stringify([confusion, looked, seeds]);
    if (key === this.#shown) return;
    this.#shown = key;
    const hadFocus = this.#table.contains(document.activeElement);
    this.#confusion = confusion;
    this.#looked = looked;
    this.#table.hidden = confusion.counts.length === 0;
    this.#draw();
    this.#drawMistakes();
    const of = seeds === 1 ? '' : `Counts of ${seeds} seeds together. `;
    setText(
      this.#note,
      `${of}A row for each target, a column for each prediction. A click on a count shows its examples.`,
    );
    if (hadFocus) this.#focus();
  }

  #draw(): void {
    const { classes, counts } = this.#confusion;
    const head = h(
      'tr',
      {},
      h('th', { scope: 'col' }, h('span', { class: 'corner' }, 'target ↓ prediction →')),
      ...classes.map((name) => h('th', { scope: 'col', title: name }, name)),
      h('th', { scope: 'col' }, 'right'),
    );
    const lines = counts.map((line, row) => {
      const total = line.reduce((sum, count) => sum + count, 0);
      return h(
        'tr',
        {},
        h('th', { scope: 'row', title: classes[row]! }, classes[row]!),
        ...line.map((count, column) => this.#cell(row, column, count, total)),
        h('td', { class: 'recall' }, total === 0 ? '–' : percent(line[row]! / total)),
      );
    });
    this.#table.replaceChildren(h('thead', {}, head), h('tbody', {}, ...lines));
    this.#paint();
  }

  #cell(row: number, column: number, count: number, total: number): HTMLElement {
    const { classes } = this.#confusion;
    const [target, prediction] = [classes[row]!, classes[column]!];
    const { target: lookedTarget, prediction: lookedPrediction } = this.#looked;
    const isLooked = lookedTarget === target && lookedPrediction === prediction;
    const share = total === 0 ? 0 : count / total;
    const cell = h(
      'td',
      {
        tabindex: row === this.#at.row && column === this.#at.column ? 0 : -1,
        'aria-label': `target ${target}, predicted ${prediction}: ${grouped(count)} of ${grouped(total)}`,
        'aria-selected': String(isLooked),
      },
      grouped(count),
    );
    cell.dataset.share = String(row === column ? share : -share);
    cell.addEventListener('click', () => {
      this.#at = { row, column };
      this.#onCell(isLooked ? { target: null, prediction: null } : { target, prediction });
    });
    return cell;
  }

  /** Shares of a row: right ones and mistakes in the two colours of the scale. */
  #paint(): void {
    const { diverging, textOn } = theme();
    for (const cell of this.#table.querySelectorAll<HTMLElement>('[data-share]')) {
      // A quarter of the scale: numbers stay legible on it in every theme.
      const colour = diverging(Number(cell.dataset.share) / 4);
      cell.style.background = colour;
      cell.style.color = textOn(colour);
    }
  }

  #drawMistakes(): void {
    const { mistakes, counts } = this.#confusion;
    // A table that is shown says it already.
    this.#mistakes.hidden = counts.length > 0;
    this.#mistakes.replaceChildren(
      ...mistakes.map(({ target, prediction, count }) => {
        const button = h(
          'button',
          { type: 'button', class: 'small-button' },
          `${target} predicted as ${prediction}: ${grouped(count)}`,
        );
        button.addEventListener('click', () => this.#onCell({ target, prediction }));
        return h('li', {}, button);
      }),
    );
  }

  #move(event: KeyboardEvent): void {
    const last = this.#confusion.classes.length - 1;
    const { row, column } = this.#at;
    const within = (at: number) => Math.min(last, Math.max(0, at));
    const target = {
      ArrowLeft: { row, column: within(column - 1) },
      ArrowRight: { row, column: within(column + 1) },
      ArrowUp: { row: within(row - 1), column },
      ArrowDown: { row: within(row + 1), column },
      Home: { row, column: 0 },
      End: { row, column: last },
    }[event.key];
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.#cellAt()?.click();
    } else if (target) {
      event.preventDefault();
      this.#cellAt()?.setAttribute('tabindex', '-1');
      this.#at = target;
      this.#focus();
    }
  }

  #focus(): void {
    const cell = this.#cellAt();
    cell?.setAttribute('tabindex', '0');
    cell?.focus();
  }

  #cellAt(): HTMLElement | undefined {
    const { row, column } = this.#at;
    return this.#table.tBodies[0]?.rows[row]?.cells[column + 1];
  }

  #sheet() {
    const { classes, counts } = this.#confusion;
    return {
      titles: ['target', ...classes],
      rows: counts.map((line, row) => [classes[row]!, ...line]),
    };
  }
}
