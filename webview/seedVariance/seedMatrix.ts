import type { Announcer } from '../announcer.ts';
import { Figure } from '../charts/figure.ts';
import { type Grid, HeatMap } from '../charts/heatMap.ts';

/** Pixels for the axes, and for a row: all rows together are not higher than `MOST` if they can be. */
const AXES = 60;
const ROW = { most: 30, least: 8 };
const MOST = 420;

interface SeedMatrixSpec {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  /** Name of the cells' values. */
  readonly quantity: string;
  readonly format: (value: number) => string;
  /** The value with the palest colour; by default the least. */
  readonly from?: number;
  readonly announcer: Announcer;
}

/** A value for each two seeds as a heat map: the larger, the stronger the colour. */
export class SeedMatrix {
  readonly element: HTMLElement;
  readonly #figure: Figure;
  readonly #map: HeatMap;
  readonly #from: number | undefined;

  constructor({ id, title, help, quantity, format, from, announcer }: SeedMatrixSpec) {
    this.#from = from;
    this.#figure = new Figure({ id, title, help, announcer });
    this.#map = new HeatMap(this.#figure, { quantity, inCell: format, rowNames: 8 });
    this.element = this.#figure.element;
  }

  show({ rows, columns, values }: Omit<Grid, 'strengths'>): void {
    const all = values.flat().filter((value) => value !== null);
    const least = this.#from ?? Math.min(...all);
    const range = Math.max(...all) - least;
    const strengthOf = (value: number) => (range > 0 ? (value - least) / range : 0);
    const row = Math.max(ROW.least, Math.min(ROW.most, MOST / Math.max(1, rows.length)));
    this.#figure.plot.style.height = `${AXES + row * Math.max(3, rows.length)}px`;
    this.#map.show({
      rows,
      columns,
      values,
      strengths: values.map((line) =>
        line.map((value) => (value === null ? null : strengthOf(value))),
      ),
    });
  }

  redraw(): void {
    this.#map.chart.resize();
  }
}
