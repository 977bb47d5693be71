/** Parts of figures: inline SVG whose colours are variables of the page, so that it follows light and dark. */

import { figureStyle, palettes } from '../style.ts';

/** Text or an attribute's value in which nothing is markup. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** @param label what the figure shows, for those who do not see it */
export function svg(
  width: number,
  height: number,
  label: string,
  parts: readonly string[],
): string {
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-label="${escaped(label)}">${parts.join('')}</svg>`;
}

/**
 * A figure as an image of its own, in the colours of a theme.
 * @param figure what {@link svg} made
 * @param width in pixels, in which it is shown
 */
export function standalone(figure: string, theme: keyof typeof palettes, width: number): string {
  const css = `svg { ${palettes[theme]} } ${figureStyle}`;
  return figure
    .replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ')
    .replace(/ width="\d+"/, ` width="${width}"`)
    .replace('>', `><style>${css}</style>`);
}

type Attributes = Readonly<Record<string, string | number>>;

/** @param title shown while the pointer is over it */
export function shape(name: string, attributes: Attributes, title?: string): string {
  const written = Object.entries(attributes).map(([key, value]) => {
    const text = typeof value === 'number' ? String(Number(value.toFixed(2))) : escaped(value);
    return ` ${key}="${text}"`;
  });
  const content = title === undefined ? '' : `<title>${escaped(title)}</title>`;
  return `<${name}${written.join('')}>${content}</${name}>`;
}

/** @param anchor start, middle or end of the text at x */
export function label(
  x: number,
  y: number,
  text: string,
  { anchor = 'start', ...attributes }: Attributes & { readonly anchor?: string } = {},
): string {
  const place = shape('text', { x, y, 'text-anchor': anchor, ...attributes });
  return place.replace('></text>', `>${escaped(text)}</text>`);
}

/** From values to places. */
export interface Scale {
  (value: number): number;
  readonly ticks: readonly { readonly value: number; readonly text: string }[];
}

/**
 * A linear scale with round ticks inside its bounds.
 * @param bounds of the values; widened if they are equal
 * @param places of the bounds
 */
export function scaleOf(
  bounds: readonly [number, number],
  places: readonly [number, number],
  count = 5,
): Scale {
  const [low, high] = bounds[0] < bounds[1] ? bounds : [bounds[0] - 0.5, bounds[0] + 0.5];
  const scale = (value: number) =>
    places[0] + ((value - low) / (high - low)) * (places[1] - places[0]);
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => {
    const value = (first + i) * step;
    return { value, text: value.toFixed(Math.min(decimals, 12)).replace('-', '−') };
  });
  return Object.assign(scale, { ticks });
}
