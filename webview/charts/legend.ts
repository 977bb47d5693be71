import type { Chart } from 'chart.js';
import { h } from '../dom.ts';

export interface LegendEntry {
  readonly label: string;
  readonly colour: string;
  readonly look?: 'line' | 'dashes' | 'crosses';
  /** Datasets shown and hidden together. */
  readonly datasets: readonly number[];
}

/** A legend of buttons that show and hide their series; HTML, so that it wraps, scrolls and is reached by keyboard. */
export function drawLegend(list: HTMLElement, chart: Chart, entries: readonly LegendEntry[]): void {
  list.hidden = entries.length < 2;
  const labels = entries.map(({ label }) => label).join('\n');
  if (list.dataset.labels !== labels) {
    list.dataset.labels = labels;
    list.replaceChildren(...entries.map(({ label }) => item(label)));
  }
  entries.forEach(({ colour, look = 'line', datasets }, i) => {
    const button = list.children[i]?.firstElementChild as HTMLButtonElement;
    const swatch = button.firstElementChild as HTMLElement;
    swatch.style.color = colour;
    swatch.dataset.look = look;
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

function item(label: string): HTMLElement {
  const button = h('button', { type: 'button', title: `Show or hide ${label}` });
  button.append(h('span', { class: 'line-swatch' }), label);
  return h('li', {}, button);
}
