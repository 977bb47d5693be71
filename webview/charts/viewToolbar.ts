import type { Columns, Unit } from '../../src/extension/messages/columns.ts';
import { h, setText } from '../dom.ts';
import { positionOf, stepAt, UNITS, unitName } from './columns.ts';
import type { View } from './view.ts';

const LABELS: readonly (readonly [Unit, string])[] = [
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

  readonly #label = h('span', {}, 'steps');
  /** Limits count what the axis counts, rather than steps. */
  readonly #isRuler: boolean;

  /**
   * @param count asks for another unit, where the view is of a {@link ruler}: runs that are compared are at other steps then. By
   *     default the view shows the same steps in it at once
   */
  constructor(view: View, count?: (unit: Unit) => void) {
    this.#view = view;
    this.#isRuler = count !== undefined;
    if (count) {
      this.#from.ariaLabel = 'From';
      this.#to.ariaLabel = 'To';
    }
    this.#reset = button('Reset', 'Reset: show all steps', () => view.reset());
    this.#unit.append(...LABELS.map(([value, label]) => h('option', { value }, label)));
    this.element = h(
      'div',
      { class: 'view-toolbar', role: 'group', 'aria-label': 'Charts over steps', title: KEYS },
      button('−', 'Zoom out', () => view.zoomBy(0.5)),
      button('+', 'Zoom in', () => view.zoomBy(2)),
      button('‹', 'Earlier steps', () => view.pan(-0.5)),
      button('›', 'Later steps', () => view.pan(0.5)),
      h('label', {}, this.#label, this.#from, '–', this.#to),
      this.#reset,
      this.#unit,
      h('label', {}, 'smoothing', this.#smoothing),
    );
    for (const input of [this.#from, this.#to]) {
      input.addEventListener('change', () => this.#zoom());
    }
    this.#unit.addEventListener('change', () => {
      const unit = this.#unit.value as Unit;
      if (count) count(unit);
      else view.change({ unit });
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
      input.max = String(this.#placeOf(columns.lastStep));
      // What the user types is left alone.
      if (document.activeElement !== input) input.value = String(this.#placeOf(step));
    }
    if (this.#isRuler) setText(this.#label, limitsIn(columns, state.unit));
    this.#reset.disabled = isWhole;
    if (!this.#isRuler) {
      this.offer(UNITS.filter((unit) => unit !== 'epoch' || columns.perEpoch !== null));
    }
    this.#unit.value = state.unit;
    this.#smoothing.value = String(state.smoothing);
    this.#smoothing.title = state.smoothing === 0 ? 'Off' : String(state.smoothing);
  }

  /** Only these can be chosen. */
  offer(units: readonly Unit[]): void {
    for (const option of this.#unit.options)
      option.disabled = !units.includes(option.value as Unit);
  }

  #zoom(): void {
    const [from, to] = [this.#from.valueAsNumber, this.#to.valueAsNumber];
    if (!(from >= 0 && to > from)) return;
    const { columns, state } = this.#view;
    const stepOf = (place: number) => (this.#isRuler ? stepAt(place, columns, state.unit) : place);
    this.#view.zoom(stepOf(from), stepOf(to));
  }

  #placeOf(step: number): number {
    if (!this.#isRuler) return Math.round(step);
    const { columns, state } = this.#view;
    return Number(positionOf(step, columns, state.unit).toPrecision(4));
  }
}

/** What the limits are in. */
function limitsIn(columns: Columns, unit: Unit): string {
  const name = unitName(columns, unit);
  return unit === 'step' || unit === 'epoch' ? `${name}s` : name;
}

function stepInput(label: string): HTMLInputElement {
  return h('input', { type: 'number', min: 0, step: 'any', 'aria-label': label });
}

function button(text: string, label: string, onClick: () => void): HTMLButtonElement {
  const element = h('button', { type: 'button', 'aria-label': label, title: label }, text);
  element.addEventListener('click', onClick);
  return element;
}
