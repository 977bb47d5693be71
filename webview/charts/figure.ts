import type { Announcer } from '../announcer.ts';
import { Toggletip } from '../controls/toggletip.ts';
import { h, setText } from '../dom.ts';
import type { Sheet } from '../export/sheet.ts';
import { axisFields, chartMenu } from './figureMenu.ts';
import type { View } from './view.ts';

export interface FigureSpec {
  /** Id of the canvas; stable, tests and tools find the chart by it. */
  readonly id: string;
  readonly title: string;
  /** What is drawn, for readers who do not know the quantity: behind a "?" beside the title. */
  readonly help: string;
  readonly announcer: Announcer;
  /** For a short strip: the title names the quantity, and the axes have no titles. */
  readonly compact?: boolean;
}

/** A chart with its title, its current key figure, a legend and a note; or a sentence in place of the chart. */
export class Figure {
  readonly element: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly plot: HTMLElement;
  readonly legend = h('ul', { class: 'legend', hidden: true });
  readonly announcer: Announcer;
  readonly compact: boolean;
  #title: string;
  readonly #heading: HTMLElement;
  readonly #caption: HTMLElement;
  readonly #now = h('span', { class: 'now' });
  readonly #pointed = h('span', { class: 'pointed', hidden: true });
  readonly #note = h('p', { class: 'note', hidden: true });
  readonly #absence = h('p', { class: 'absence', hidden: true });

  constructor({ id, title, help, announcer, compact = false }: FigureSpec) {
    this.#title = title;
    this.#heading = h('h2', {}, title);
    this.compact = compact;
    this.announcer = announcer;
    this.canvas = h('canvas', { id, role: 'img', 'aria-label': title, tabindex: 0 });
    this.plot = h('div', { class: 'plot' }, this.canvas, this.#absence);
    const tip = new Toggletip(title, help);
    this.#caption = h('figcaption', {}, this.#heading, ...tip.elements, this.#now, this.#pointed);
    this.element = h(
      'figure',
      { class: `figure figure-${id}` },
      this.#caption,
      this.legend,
      this.plot,
      this.#note,
    );
  }

  /**
   * Adds the menu of the chart: its picture, its data, and how its axis is drawn.
   *
   * @param view of a chart whose vertical axis the user may change
   */
  offer(chart: unknown, sheet: () => Sheet, view?: View): void {
    const picture = () => ({ title: this.#title, legend: this.legend, chart });
    const axis = view ? axisFields(this.canvas.id, view) : [];
    const menu = chartMenu(picture, sheet, this.announcer, axis);
    this.#caption.append(...menu.elements);
  }

  /** The key figure, beside the title and in the name of the canvas. */
  now(text: string): void {
    if (this.compact) this.#showParts(text);
    else setText(this.#now, text);
    this.canvas.setAttribute('aria-label', text ? `${this.#title}: ${text}` : this.#title);
  }

  /** In parts, of which a narrow line leaves out the last ones. */
  #showParts(text: string): void {
    if (this.#now.textContent === text) return;
    this.#now.title = text;
    this.#now.replaceChildren(...text.split(/(?=, | · )/).map((part) => h('span', {}, part)));
  }

  /** Of a chart that shows something else for another run; before `now`. */
  retitle(title: string): void {
    this.#title = title;
    setText(this.#heading, title);
  }

  note(text: string): void {
    setText(this.#note, text);
    this.#note.hidden = text === '';
  }

  /** The values at the step under the pointer, in place of the key figure; `null` shows that again. */
  pointed(text: string | null): void {
    setText(this.#pointed, text ?? '');
    this.#pointed.hidden = text === null;
    this.#now.hidden = text !== null;
  }

  /** Shows in place of the chart why there is nothing to draw; an empty reason shows the chart again. */
  absent(reason: string): void {
    setText(this.#absence, reason);
    this.#absence.hidden = reason === '';
    this.element.classList.toggle('absent', reason !== '');
  }
}
