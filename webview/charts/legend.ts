import { h } from '../dom.ts';
import type { AnyChart } from './chart.ts';

export interface LegendEntry {
  readonly label: string;
  readonly colour: string;
  readonly look?: 'line' | 'area' | 'crosses';
  /** Of a line, in pixels drawn and left out alternately; empty for a solid line. */
  readonly dash?: readonly number[];
  /** Datasets shown and hidden together. */
  readonly datasets: readonly number[];
}

/**
 * A legend of buttons that show and hide their series; HTML, so that it wraps, scrolls and is reached by keyboard.
 *
 * @param onPoint called with the index of the entry under the pointer or the focus, and with `undefined` when it leaves
 */
export function drawLegend(
  list: HTMLElement,
  chart: AnyChart,
  entries: readonly LegendEntry[],
  onPoint?: (place: number | undefined) => void,
): void {
  list.hidden = entries.length < 2;
  const labels = entries.map(({ label }) => label).join('\n');
  if (list.dataset.labels !== labels) {
    list.dataset.labels = labels;
    list.replaceChildren(...entries.map(({ label }, i) => item(label, i, onPoint)));
  }
  entries.forEach(({ colour, look = 'line', dash = [], datasets }, i) => {
    const button = list.children[i]?.firstElementChild as HTMLButtonElement;
    const swatch = button.firstElementChild as HTMLElement;
    swatch.style.color = colour;
    swatch.dataset.look = dash.length > 0 ? 'dashes' : look;
    swatch.style.backgroundImage = dashes(dash);
    const shown = datasets.some((index) => chart.isDatasetVisible(index));
    button.setAttribute('aria-pressed', String(shown));
    button.onclick = () => {
      const show = button.getAttribute('aria-pressed') !== 'true';
      for (const index of datasets) chart.setDatasetVisibility(index, show);
      button.setAttribute('aria-pressed', String(show));
      chart.update('none');
    };
  });
}

function item(
  label: string,
  place: number,
  onPoint?: (place: number | undefined) => void,
): HTMLElement {
  const button = h('button', { type: 'button', title: `Show or hide ${label}` });
  button.append(h('span', { class: 'line-swatch' }), label);
  if (onPoint) {
    for (const event of ['mouseenter', 'focus']) {
      button.addEventListener(event, () => onPoint(place));
    }
    for (const event of ['mouseleave', 'blur']) {
      button.addEventListener(event, () => onPoint(undefined));
    }
  }
  return h('li', {}, button);
}

/** Dashes as a background image, for a swatch without a background colour. */
function dashes(dash: readonly number[]): string {
  let at = 0;
  const stops = dash.map((length, i) => {
    const from = at;
    at += length;
    return `${i % 2 === 0 ? 'currentcolor' : 'transparent'} ${from}px ${at}px`;
  });
  return stops.length === 0 ? '' : `repeating-linear-gradient(to right, ${stops.join(', ')})`;
}
