import { h } from '../dom.ts';
import type { View, ViewState } from './view.ts';

const LABELS: readonly (readonly [ViewState['unit'], string])[] = [
  ['step', 'Steps'],
  ['epoch', 'Epochs'],
  ['examples', 'Examples'],
  ['time', 'Time without pauses'],
];

/** The most that a moving average is set to. */
const SMOOTHEST = 0.99;

const KEYS =
  'In a chart: drag to zoom, Shift and drag to pan, Ctrl and wheel to zoom, double-click to reset. Keys: + − 0, arrows with Shift.';

/** What all charts of a page show, and how: the range of steps, the unit of the axis, smoothing. */
export class ViewToolbar {
  readonly element: HTMLElement;
  readonly #view: View;
  readonly #from = stepInput('First step');
  readonly #to = stepInput('Last step');
  readonly #unit = h('select', { 'aria-label': 'Horizontal axis' });
  readonly #smoothing = h('input', {
    type: 'range',
    min: 0,
    max: SMOOTHEST,
    step: 0.01,
    'aria-label': 'Smoothing: weight of the moving average',
  });
  readonly #reset: HTMLButtonElement;

  /** @param units whether the axis may count something else than steps, which runs that are compared do not share */
  constructor(view: View, { units = true } = {}) {
    this.#view = view;
    this.#unit.hidden = !units;
    this.#reset = button('Reset', 'Reset: show all steps', () => view.reset());
    this.#unit.append(...LABELS.map(([value, label]) => h('option', { value }, label)));
    this.element = h(
      'div',
      { class: 'view-toolbar', role: 'group', 'aria-label': 'Charts over steps', title: KEYS },
      button('−', 'Zoom out', () => view.zoomBy(0.5)),
      button('+', 'Zoom in', () => view.zoomBy(2)),
      button('‹', 'Earlier steps', () => view.pan(-0.5)),
      button('›', 'Later steps', () => view.pan(0.5)),
      h('label', {}, 'steps', this.#from, '–', this.#to),
      this.#reset,
      this.#unit,
      h('label', {}, 'smoothing', this.#smoothing),
    );
    for (const input of [this.#from, this.#to]) {
      input.addEventListener('change', () => this.#zoom());
    }
    this.#unit.addEventListener('change', () => {
      view.change({ unit: this.#unit.value as ViewState['unit'] });
    });
    this.#smoothing.addEventListener('input', () => {
      view.change({ smoothing: Number(this.#smoothing.value) });
    });
    view.onChange(() => this.update());
    this.update();
  }

  /** After the view, or the number of its steps, has changed. */
  update(): void {
    const { state, range, isWhole, columns } = this.#view;
    for (const [input, step] of [
      [this.#from, range[0]],
      [this.#to, range[1]],
    ] as const) {
      input.max = String(columns.lastStep);
      // What the user types is left alone.
      if (document.activeElement !== input) input.value = String(Math.round(step));
    }
    this.#reset.disabled = isWhole;
    const [, epochs] = this.#unit.options;
    if (epochs) epochs.disabled = columns.perEpoch === null;
    this.#unit.value = state.unit;
    this.#smoothing.value = String(state.smoothing);
    this.#smoothing.title = state.smoothing === 0 ? 'Off' : String(state.smoothing);
  }

  #zoom(): void {
    const [from, to] = [this.#from.valueAsNumber, this.#to.valueAsNumber];
    if (from >= 0 && to > from) this.#view.zoom(from, to);
  }
}

function stepInput(label: string): HTMLInputElement {
  return h('input', { type: 'number', min: 0, step: 1, 'aria-label': label });
}

function button(text: string, label: string, onClick: () => void): HTMLButtonElement {
  const element = h('button', { type: 'button', 'aria-label': label, title: label }, text);
  element.addEventListener('click', onClick);
  return element;
}
