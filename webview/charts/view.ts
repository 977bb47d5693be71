import type { Columns, Unit, WindowRequest } from '../../src/extension/messages/columns.ts';
import { merged, UNITS } from './columns.ts';

/** What of a run the charts of a page show, and how; kept while the page is hidden, and over a reload. */
export interface ViewState {
  /** The steps shown; `null` for the first, and for the newest whichever that is. */
  readonly from: number | null;
  readonly to: number | null;
  readonly unit: Unit;
  /** Of the moving average: 0 for none, below 1. */
  readonly smoothing: number;
  /** Vertical axes that the user changed, by the id of the figure. */
  readonly axes: Readonly<Record<string, AxisState>>;
}

export interface AxisState {
  readonly logarithmic: boolean;
  /** Limits; `null` for as far as the values reach. */
  readonly min: number | null;
  readonly max: number | null;
}

const PLAIN: AxisState = { logarithmic: false, min: null, max: null };

/** A chart over steps. */
export interface Drawing {
  /** Draws the columns of the view. */
  draw(): void;
  /** Marks the step, and says its values; `null` for no step. @param isSource whether the pointer is over this chart */
  point(step: number | null, isSource: boolean): void;
}

const WHOLE: ViewState = { from: null, to: null, unit: 'step', smoothing: 0, axes: {} };

export const NOTHING: Columns = {
  ...{ bucket: 1, lastStep: 0 },
  first: new Float64Array(),
  last: new Float64Array(),
  examples: new Float64Array(),
  elapsed: new Float64Array(),
  perEpoch: null,
  series: {},
};

/** Fewest steps that zooming shows. */
const LEAST = 8;

/** The steps that all charts of a page show together. */
export class View {
  columns: Columns = NOTHING;
  #state: ViewState;
  readonly #drawings: { readonly drawing: Drawing; readonly isShown: () => boolean }[] = [];
  readonly #listeners: ((state: ViewState) => void)[] = [];
  readonly #ask: (request: WindowRequest) => void;

  /**
   * @param saved what {@link state} was, from an earlier time or version
   * @param ask asks the extension host for the steps to show
   */
  constructor(saved: unknown, ask: (request: WindowRequest) => void) {
    this.#state = restored(saved);
    this.#ask = ask;
  }

  get state(): ViewState {
    return this.#state;
  }

  get isWhole(): boolean {
    return this.#state.from === null && this.#state.to === null;
  }

  /** First and last step shown. */
  get range(): readonly [from: number, to: number] {
    const { from, to } = this.#state;
    return [from ?? 0, Math.max(1, to ?? this.columns.lastStep)];
  }

  /** @param isShown whether it is worth drawing; it draws itself when that changes */
  add(drawing: Drawing, isShown: () => boolean = () => true): void {
    this.#drawings.push({ drawing, isShown });
  }

  /** Calls the listener after every change of the state. */
  onChange(listener: (state: ViewState) => void): void {
    this.#listeners.push(listener);
  }

  /** All columns, of another run if `isOther`: what was shown of the last one means nothing there. */
  show(columns: Columns, isOther: boolean): void {
    this.columns = columns;
    const isMoved = isOther && !this.isWhole;
    if (isMoved) this.#state = { ...this.#state, from: null, to: null };
    this.#draw();
    this.#changed();
    if (isMoved) this.request();
  }

  append(columns: Columns | null): void {
    if (!columns) return;
    this.columns = merged(this.columns, columns);
    this.#draw();
  }

  /** The answer to a request. */
  replace(columns: Columns): void {
    this.columns = columns;
    this.#draw();
  }

  /** Asks for as many columns as the widest chart has pixels. */
  request(): void {
    const { from, to } = this.#state;
    const columns = Math.min(4000, Math.max(600, Math.round(window.innerWidth)));
    this.#ask({ type: 'window', from, to, columns });
  }

  /** Shows the steps between the two, at once from the columns at hand and then from the log. */
  zoom(from: number, to: number): void {
    const { lastStep } = this.columns;
    const length = Math.max(LEAST, Math.round(to) - Math.round(from));
    const start = Math.max(0, Math.min(Math.round(from), lastStep - length));
    const end = start + length;
    this.change({ from: start <= 1 ? null : start, to: end >= lastStep ? null : end });
  }

  /** @param factor above 1 to see fewer steps @param around a step that stays where it is; default: the middle */
  zoomBy(factor: number, around?: number): void {
    const [from, to] = this.range;
    const fixed = around ?? (from + to) / 2;
    this.zoom(fixed - (fixed - from) / factor, fixed + (to - fixed) / factor);
  }

  /** @param share of the steps shown, negative for earlier ones */
  pan(share: number): void {
    const [from, to] = this.range;
    const by = share * (to - from);
    const within = Math.max(-from, Math.min(by, this.columns.lastStep - to));
    this.zoom(from + within, to + within);
  }

  reset(): void {
    this.change({ from: null, to: null });
  }

  change(change: Partial<ViewState>): void {
    const before = this.#state;
    this.#state = { ...before, ...change };
    const isSame = before.from === this.#state.from && before.to === this.#state.to;
    this.#draw();
    this.#changed();
    if (!isSame) this.request();
  }

  axisOf(id: string): AxisState {
    return this.#state.axes[id] ?? PLAIN;
  }

  setAxis(id: string, change: Partial<AxisState>): void {
    const { axes } = this.#state;
    this.change({ axes: { ...axes, [id]: { ...this.axisOf(id), ...change } } });
  }

  point(step: number | null, source: Drawing): void {
    for (const { drawing } of this.#shown) drawing.point(step, drawing === source);
  }

  #draw(): void {
    for (const { drawing } of this.#shown) drawing.draw();
  }

  get #shown() {
    return this.#drawings.filter(({ isShown }) => isShown());
  }

  #changed(): void {
    for (const listener of this.#listeners) listener(this.#state);
  }
}

/** A page's saved state is read as it may have been written: by any version. */
function restored(saved: unknown): ViewState {
  const { from, to, unit, smoothing, axes } = (saved ?? {}) as Partial<
    Record<keyof ViewState, unknown>
  >;
  const step = (value: unknown) => (typeof value === 'number' && value >= 0 ? value : null);
  const known = UNITS.find((name) => name === unit);
  const isShare = typeof smoothing === 'number' && smoothing >= 0 && smoothing < 1;
  return {
    from: step(from),
    to: step(to),
    unit: known ?? WHOLE.unit,
    smoothing: isShare ? smoothing : WHOLE.smoothing,
    axes: Object.fromEntries(
      Object.entries(axes ?? {}).map(([id, axis]) => [id, restoredAxis(axis ?? {})]),
    ),
  };
}

function restoredAxis({ logarithmic, min, max }: Partial<Record<keyof AxisState, unknown>>) {
  const limit = (value: unknown) => (typeof value === 'number' ? value : null);
  return { logarithmic: logarithmic === true, min: limit(min), max: limit(max) };
}
