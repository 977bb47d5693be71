import { h } from '../dom.ts';
import { withTheme } from './theme.ts';

const STEPS = 8;

/** The key to the colours of a heat map. @param from −1, or 0 for what is never negative */
export function colourBar(from: -1 | 0, least: string, most: string): HTMLElement {
  const bar = h('span', { class: 'colour-bar' });
  withTheme((theme) => {
    const stops = Array.from({ length: STEPS + 1 }, (_, i) =>
      theme.diverging(from + ((1 - from) * i) / STEPS),
    );
    bar.style.background = `linear-gradient(to right, ${stops.join(', ')})`;
  });
  return h('p', { class: 'colour-key' }, h('span', {}, least), bar, h('span', {}, most));
}
