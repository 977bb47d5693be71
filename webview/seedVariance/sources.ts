import type { SeedVerdict } from '../../src/extension/messages/seedVariance.ts';
import type { Announcer } from '../announcer.ts';
import { h } from '../dom.ts';
import { decimalsOf } from '../format.ts';
import { SeedMatrix } from './seedMatrix.ts';

type Matrix = SeedVerdict['crossed'][number];

/** Of crossed seeds, the metric by two of the sources of variance, for each method. */
export class SourcesSection {
  readonly element: HTMLElement;
  readonly #matrices = h('div', { class: 'matrices' });
  readonly #announcer: Announcer;
  #shown = '';

  constructor(announcer: Announcer) {
    this.#announcer = announcer;
    const title = h('h2', { id: 'sources-title' }, 'Where the variance comes from');
    this.element = h(
      'section',
      { class: 'figure wide sources', 'aria-labelledby': 'sources-title', hidden: true },
      title,
      this.#matrices,
    );
  }

  show(metric: string, crossed: readonly Matrix[]): void {
    const key = JSON.stringify([metric, crossed]);
    if (key === this.#shown) return;
    this.#shown = key;
    this.element.hidden = crossed.length === 0;
    const matrices = crossed.map((matrix, i) => this.#drawn(metric, matrix, i));
    this.#matrices.replaceChildren(...matrices.map(({ element }) => element));
  }

  #drawn(metric: string, { method, rowTitle, columnTitle, ...grid }: Matrix, i: number) {
    const all = grid.values.flat();
    const drawn = new SeedMatrix({
      id: `sources-${i}`,
      title: `${metric} of ${method}`,
      help: `A row for each seed of the ${rowTitle}, a column for each seed of the ${columnTitle}. Rows that differ from each other, with columns alike: the ${rowTitle} makes the variance; the other way round, the ${columnTitle}.`,
      quantity: metric,
      format: decimalsOf((Math.max(...all) - Math.min(...all)) / 10),
      announcer: this.#announcer,
    });
    drawn.show({
      ...grid,
      rows: grid.rows.map((seed) => `${rowTitle} ${seed}`),
      columns: grid.columns.map((seed) => `${columnTitle} ${seed}`),
    });
    return drawn;
  }
}
