import { h } from '../dom.ts';
import { withTheme } from './theme.ts';

/** The key to the colours of a cosine, from −1 to 1. */
export function colourBar(): HTMLElement {
  const bar = h('span', { class: 'colour-bar' });
  withTheme((theme) => {
    const stops = [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1].map((value) =>
      theme.cosine(value),
    );
    bar.style.background = `linear-gradient(to right, ${stops.join(', ')})`;
  });
  return h(
    'p',
    { class: 'colour-key' },
    h('span', {}, '−1 opposed'),
    bar,
    h('span', {}, '1 aligned'),
  );
}
