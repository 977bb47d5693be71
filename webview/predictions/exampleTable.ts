import type {
  ExampleRow,
  ExamplesPage,
  Look,
  PredictionsPicture,
  SortKey,
} from '../../src/extension/messages/predictions.ts';
import { tableMenu } from '../controls/tableMenu.ts';
import { h, setText } from '../dom.ts';
import type { Sheet } from '../export/sheet.ts';
import { figure, grouped, percent, short } from '../format.ts';

type Kind = PredictionsPicture['kind'];

interface Column {
  readonly key: SortKey;
  readonly title: string;
  /** What it says, as the tooltip of its title. */
  readonly help: string;
  readonly text: (row: ExampleRow) => string;
  /** Whether large values are looked at first. */
  readonly descending?: boolean;
}

interface Actions {
  look(change: Partial<Look>): void;
  open(index: number): void;
}

const CAPTION = 'Examples';

/** The examples of a page: sorted by a click on a title, opened by a click on a row or by its button. */
export class ExampleTableView {
  readonly element: HTMLElement;
  readonly #actions: Actions;
  readonly #head = h('tr');
  readonly #body = h('tbody');
  readonly #count = h('span', { class: 'count', role: 'status' });
  readonly #note = h('p', { class: 'note' });
  readonly #pages: Readonly<Record<'first' | 'previous' | 'next' | 'last', HTMLButtonElement>>;
  #shown: Sheet = { titles: [], rows: [] };
  #titles = '';
  #last = 0;
  #page = 0;

  constructor(actions: Actions) {
    this.#actions = actions;
    const go = (label: string, text: string, to: () => number) => {
      const button = h(
        'button',
        { type: 'button', class: 'small-button', 'aria-label': label, title: label },
        text,
      );
      button.addEventListener('click', () => actions.look({ page: to() }));
      return button;
    };
    this.#pages = {
      first: go('First page', '«', () => 0),
      previous: go('Previous page', '‹', () => this.#page - 1),
      next: go('Next page', '›', () => this.#page + 1),
      last: go('Last page', '»', () => this.#last),
    };
    const { first, previous, next, last } = this.#pages;
    this.element = h(
      'section',
      { class: 'examples', 'aria-label': CAPTION },
      h('div', { class: 'pager' }, this.#count, first, previous, next, last),
      this.#note,
      h(
        'div',
        { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': 'Table of examples' },
        ...tableMenu(CAPTION, () => this.#shown).elements,
        h(
          'table',
          {},
          h('caption', { class: 'visually-hidden' }, CAPTION),
          h('thead', {}, this.#head),
          this.#body,
        ),
      ),
    );
    this.#body.addEventListener('click', ({ target }) => {
      const line = target instanceof Element ? target.closest('tr') : null;
      if (line?.dataset.index && !window.getSelection()?.toString()) {
        actions.open(Number(line.dataset.index));
      }
    });
  }

  /** @param opened the example whose details are shown */
  show(page: ExamplesPage, kind: Kind, hasGroups: boolean, opened: number | null): void {
    const { look, total, from, rows, textNote } = page;
    const columns = columnsOf(kind, rows[0]?.seeds ?? 1, hasGroups);
    this.#drawHead(columns, look);
    this.#shown = {
      titles: [...columns.map(({ title }) => title), 'example'],
      rows: rows.map((row) => [...columns.map(({ text }) => text(row)), row.excerpt ?? '']),
    };
    this.#body.replaceChildren(...rows.map((row) => lineOf(row, columns, row.index === opened)));
    setText(this.#note, textNote);
    this.#note.hidden = textNote === '';
    const range = `${grouped(from + 1)} to ${grouped(from + rows.length)} of ${grouped(total)}`;
    setText(this.#count, total === 0 ? 'No example fits.' : `Examples ${range}`);
    const isLast = from + rows.length >= total;
    this.#page = from === 0 ? 0 : look.page;
    this.#last = isLast ? this.#page : Math.ceil(total / rows.length) - 1;
    const { first, previous, next, last } = this.#pages;
    first.disabled = previous.disabled = from === 0;
    next.disabled = last.disabled = isLast;
  }

  /** Marks the row whose details are shown, and puts the focus on it. */
  mark(opened: number | null): void {
    for (const line of this.#body.rows) {
      const isOpened = line.dataset.index === String(opened);
      line.classList.toggle('opened', isOpened);
      line.querySelector('button')?.setAttribute('aria-expanded', String(isOpened));
    }
  }

  focus(index: number): void {
    this.#body.querySelector<HTMLElement>(`tr[data-index="${index}"] button`)?.focus();
  }

  #drawHead(columns: readonly Column[], { sort }: Look): void {
    const titles = columns.map(({ title }) => title).join('\n');
    if (titles !== this.#titles) {
      this.#titles = titles;
      this.#head.replaceChildren(
        ...columns.map((column) => this.#headOf(column)),
        h('th', { scope: 'col', class: 'excerpt' }, 'example'),
      );
    }
    columns.forEach(({ key, descending = false }, i) => {
      const cell = this.#head.cells[i]!;
      const isSorted = sort.by === key;
      const order = sort.descending ? 'descending' : 'ascending';
      if (isSorted) cell.setAttribute('aria-sort', order);
      else cell.removeAttribute('aria-sort');
      const button = cell.firstElementChild as HTMLButtonElement;
      button.onclick = () =>
        this.#actions.look({
          sort: { by: key, descending: isSorted ? !sort.descending : descending },
        });
    });
  }

  #headOf({ key, title, help }: Column): HTMLElement {
    const button = h('button', { type: 'button', class: 'sort', title: help }, title);
    return h('th', { scope: 'col', class: key }, button);
  }
}

function lineOf(
  row: ExampleRow,
  columns: readonly Column[],
  isOpened: boolean,
): HTMLTableRowElement {
  const button = h(
    'button',
    {
      type: 'button',
      class: 'open small-button',
      'aria-expanded': String(isOpened),
      'aria-label': `Row ${columns[0]!.text(row)}: details`,
    },
    columns[0]!.text(row),
  );
  const wrong = row.right !== null && row.right < row.seeds;
  const line = h(
    'tr',
    { class: isOpened ? 'opened' : '' },
    h('th', { scope: 'row' }, button),
    ...columns.slice(1).map((column) => {
      const cell = h('td', { class: column.key }, column.text(row));
      if (column.key === 'prediction' && wrong) cell.classList.add('wrong');
      return cell;
    }),
    h('td', { class: 'excerpt', title: row.excerpt ?? '' }, row.excerpt ?? ''),
  );
  line.dataset.index = String(row.index);
  return line;
}

function columnsOf(kind: Kind, seeds: number, hasGroups: boolean): readonly Column[] {
  const isOne = seeds === 1;
  const common: Column[] = [
    {
      key: 'index',
      title: 'row',
      help: 'Its place among the validation examples, from 0.',
      text: ({ index }) => grouped(index),
    },
    {
      key: 'target',
      title: kind === 'answers' ? 'expected' : 'target',
      help: kind === 'answers' ? 'The answer in the data.' : 'What the data says.',
      text: ({ target }) => target,
    },
    {
      key: 'prediction',
      title: kind === 'answers' ? 'answer' : 'prediction',
      help: isOne
        ? 'What the run predicts.'
        : kind === 'values'
          ? 'Mean over the seeds.'
          : 'What the seeds predict, with how many of them where they differ.',
      text: predictionText,
    },
  ];
  const group: Column = {
    key: 'group',
    title: 'group',
    help: 'The group that an example like this belongs to in training.',
    text: ({ group }) => group ?? '–',
  };
  return [...common, ...figuresOf(kind, isOne), ...(hasGroups ? [group] : [])];
}

function figuresOf(kind: Kind, isOne: boolean): readonly Column[] {
  const loss: Column = {
    key: 'loss',
    title: kind === 'values' ? 'squared error' : 'loss',
    help:
      kind === 'values'
        ? 'Of each seed’s prediction; over several seeds their mean.'
        : 'Cross-entropy, −ln of the target’s probability; over several seeds their mean.',
    text: ({ loss }) => figure(loss),
    descending: true,
  };
  const right: Column = {
    key: 'right',
    title: 'right',
    help: 'How many of the seeds are right.',
    text: ({ right, seeds }) => (isOne ? (right === 1 ? 'yes' : 'no') : `${right} of ${seeds}`),
  };
  const agreement: Column = {
    key: 'agreement',
    title: 'seeds agree',
    help: isOne
      ? 'How many of all seeds predict the same as this one.'
      : 'How many of all seeds make the most frequent prediction.',
    text: ({ agreement }) => String(agreement ?? '–'),
  };
  switch (kind) {
    case 'classes':
      return [
        {
          key: 'probability',
          title: 'probability',
          help: 'Of the prediction that is named first; over several seeds, the mean of those that make it.',
          text: ({ probability }) => percent(probability),
          descending: true,
        },
        loss,
        right,
        agreement,
      ];
    case 'values':
      return [
        loss,
        {
          key: 'spread',
          title: 'std of seeds',
          help: 'Sample standard deviation of the predictions of all seeds.',
          text: ({ spread }) => figure(spread),
          descending: true,
        },
      ];
    case 'answers':
      return [right, agreement];
  }
}

/** "cat", or "cat ×3, dog ×2" where seeds differ. */
function predictionText({ predictions, right }: ExampleRow): string {
  const texts = predictions.map(({ text, seeds }) => {
    const shown = right === null ? valueText(text) : (text ?? 'none');
    return predictions.length === 1 ? shown : `${shown} ×${seeds}`;
  });
  return texts.join(', ');
}

function valueText(text: string | null): string {
  return text === null ? 'none' : short(Number(text));
}
