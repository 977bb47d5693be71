/**
 * Colours of series, made from the theme's own chart colours. Pure: a theme's colours in, lists of hex colours out.
 */
import {
  type Color,
  clampChroma,
  wcagContrast as contrast,
  converter,
  differenceEuclidean,
  filterDeficiencyDeuter,
  filterDeficiencyProt,
  filterDeficiencyTrit,
  formatHex,
  formatHex8,
  interpolate,
  type Oklch,
  parse,
} from 'culori';

/** Least contrast with the background of a line or a mark that carries meaning: WCAG 2.2, 1.4.11. */
const CONTRAST = 3;
/** Areas are larger than lines, and drawn with a separator: a little less leaves room for sixteen colours. */
const AREA_CONTRAST = 2.5;
/** Number of distinguishable colours; with more groups, neighbours share a hue. */
export const DISTINCT = 16;
const LIGHTNESSES = [0.36, 0.45, 0.54, 0.63, 0.72, 0.81, 0.9];

const oklch = converter('oklch');
const distance = differenceEuclidean('oklab');
const deficiencies = [filterDeficiencyProt(1), filterDeficiencyDeuter(1), filterDeficiencyTrit(1)];

/**
 * The colour, opaque, with its lightness moved as little as needed to stand out from the background.
 * VS Code's own `charts.orange` is two thirds transparent, and some of its colours are faint on white.
 */
export function legible(colour: string, background: string): string {
  const { alpha: _, ...opaque } = lch(colour);
  const step = contrast(background, 'black') > contrast(background, 'white') ? -0.02 : 0.02;
  let candidate = hex(opaque);
  for (let l = opaque.l; contrast(candidate, background) < CONTRAST; l += step) {
    if (l < 0 || l > 1) return step > 0 ? '#ffffff' : '#000000';
    candidate = hex({ ...opaque, l });
  }
  return candidate;
}

/** How far apart two colours are to the eye that tells them apart worst (OKLab units; about 0.02 is just noticed). */
export function separation(a: string, b: string): number {
  return Math.min(
    distance(a, b),
    ...deficiencies.map((filter) => distance(filter(colourOf(a)), filter(colourOf(b)))),
  );
}

/** The colour halfway round the shorter arc of hue between two. */
export function between(a: string, b: string): string {
  return hex(oklch(interpolate([lch(a), lch(b)], 'oklch')(0.5)));
}

/**
 * Sixteen colours of the anchors' hues in several lightnesses, each as far as can be from those before it, for normal
 * and colour-blind eyes alike (farthest-point selection). The first anchor comes first.
 */
export function distinctColours(anchors: readonly string[], background: string): string[] {
  return farthest(anchors.slice(0, 1), anchors, background, AREA_CONTRAST);
}

/** As `distinctColours`, of lines: thinner, so that they must stand out more. The first two anchors come first. */
export function lineColours(anchors: readonly string[], background: string): string[] {
  return farthest(anchors.slice(0, 2), anchors, background, CONTRAST);
}

function farthest(
  first: readonly string[],
  anchors: readonly string[],
  background: string,
  leastContrast: number,
): string[] {
  const candidates = [...anchors, ...anchors.flatMap(shades)].filter(
    (colour) => contrast(colour, background) >= leastContrast,
  );
  if (candidates.length < DISTINCT) throw new RangeError('too few colours stand out');
  // Worst vision decides; between equals, the one further off for normal eyes.
  const apart = (a: string, b: string) => separation(a, b) + 0.05 * distance(a, b);
  const nearest = candidates.map(() => Infinity);
  const chosen: string[] = [];
  while (chosen.length < DISTINCT) {
    const next = first[chosen.length] ?? candidates[nearest.indexOf(Math.max(...nearest))]!;
    candidates.forEach((colour, i) => {
      nearest[i] = Math.min(nearest[i]!, apart(colour, next));
    });
    chosen.push(next);
  }
  return chosen;
}

/** One colour a group; up to sixteen the first `count` of the palette, beyond it each colour fans out over a block. */
export function groupColours(
  palette: readonly string[],
  count: number,
  background: string,
): string[] {
  if (count <= palette.length) return palette.slice(0, count);
  return Array.from({ length: count }, (_, group) => {
    const position = (group * palette.length) / count;
    const block = Math.floor(position);
    const fade = interpolate([palette[block]!, background], 'oklab');
    return formatHex(fade(0.55 * (position - block)));
  });
}

/**
 * −1…1 to a colour: from `negative` through `middle` at 0 to `positive`. Small values, most of those between many gradients,
 * get more than their share of the range.
 */
export function divergingScale(negative: string, middle: string, positive: string) {
  const scale = interpolate([negative, middle, positive], 'oklab');
  return (value: number): string => {
    const stretched = Math.sign(value) * Math.min(1, Math.abs(value)) ** 0.7;
    return formatHex(scale((stretched + 1) / 2));
  };
}

/** Of two colours, the one that reads better on the background. */
export function readable(background: string, a: string, b: string): string {
  return contrast(a, background) >= contrast(b, background) ? a : b;
}

/** The colour at the given opacity, 0…1, as `#rrggbbaa`. */
export function translucent(colour: string, opacity: number): string {
  return formatHex8({ ...colourOf(colour), alpha: opacity });
}

/** A mix of two colours; `share` 0…1 of the second. */
export function mix(a: string, b: string, share: number): string {
  return formatHex(interpolate([a, b], 'oklab')(share));
}

function shades(anchor: string): string[] {
  return LIGHTNESSES.map((l) => hex({ ...lch(anchor), l }));
}

function hex(colour: Oklch): string {
  return formatHex(clampChroma(colour, 'oklch'));
}

function lch(colour: string): Oklch {
  return oklch(colourOf(colour));
}

function colourOf(text: string): Color {
  const colour = parse(text);
  if (!colour) throw new TypeError(`not a colour: ${text}`);
  return colour;
}
