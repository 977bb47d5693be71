/** The colours and the font that VS Code gives to webviews, as charts need them; they change with the user's theme. */
import {
  between,
  distinctColours,
  divergingScale,
  groupColours,
  legible,
  lineColours,
  mix,
  readable,
  translucent,
} from './palette.ts';
import { preferredSlot } from './slots.ts';

export interface Theme {
  readonly background: string;
  readonly foreground: string;
  /** For axes and their titles. */
  readonly muted: string;
  readonly grid: string;
  readonly error: string;
  readonly highContrast: boolean;
  readonly font: { readonly family: string; readonly size: number };
  /** One colour a group: the same in every panel for the same number of groups. */
  groups(count: number): string[];
  /** Of the aggregator in a slot of `slotsOf`: colours of methods are only where several are compared. */
  line(slot: number): string;
  /** Of the method `mean`, which a run's own lines stand beside. */
  readonly mean: string;
  /** For what else stands beside a run's own lines: validation, shares. */
  readonly accent: string;
  /** −1…1 on a diverging scale: red for what conflicts or is wrong, grey for the rest. */
  diverging(value: number): string;
  /** Of the theme's foreground and background, the one that is more readable on the colour. */
  textOn(colour: string): string;
}

/** VS Code's defaults for dark themes, for colours that a theme does not define (high contrast has no orange). */
const FALLBACKS: Readonly<Record<string, string>> = {
  'charts-blue': '#59a4f9',
  'charts-orange': '#ea5c00',
  'charts-green': '#89d185',
  'charts-purple': '#b180d7',
  'charts-red': '#f14c4c',
  'charts-yellow': '#cca700',
  'editor-background': '#1f1f1f',
  foreground: '#cccccc',
  errorForeground: '#f85149',
  'font-family': 'sans-serif',
  'font-size': '13px',
};

const listeners = new Set<(theme: Theme) => void>();
let current: Theme | undefined;
let fingerprint = '';

export function theme(): Theme {
  current ??= readTheme();
  return current;
}

/** Calls the listener now and after every change of theme. */
export function withTheme(listener: (theme: Theme) => void): void {
  listeners.add(listener);
  listener(theme());
}

function variable(name: string): string {
  const value = getComputedStyle(document.documentElement).getPropertyValue(`--vscode-${name}`);
  return value.trim() || (FALLBACKS[name] ?? '');
}

function readTheme(): Theme {
  const background = variable('editor-background');
  const foreground = variable('foreground');
  const chartColour = (name: string) => legible(variable(`charts-${name}`), background);
  const [blue, orange, green] = [chartColour('blue'), chartColour('orange'), chartColour('green')];
  const [purple, red, yellow] = [chartColour('purple'), chartColour('red'), chartColour('yellow')];
  const anchors = [blue, orange, green, purple, red, yellow];
  const hues = [...anchors, between(blue, green), between(purple, red)];
  const palette = distinctColours(hues, background);
  const lines = lineColours(hues, background);
  const highContrast = document.body.classList.contains('vscode-high-contrast');
  const line = (slot: number) => lines[slot % lines.length]!;
  return {
    background,
    foreground,
    muted: highContrast ? foreground : mix(foreground, background, 0.2),
    grid: translucent(foreground, highContrast ? 0.35 : 0.13),
    error: legible(variable('errorForeground'), background),
    highContrast,
    font: { family: variable('font-family'), size: Number.parseFloat(variable('font-size')) - 2 },
    groups: (count) => groupColours(palette, count, background),
    line,
    mean: line(preferredSlot('mean')),
    accent: purple,
    diverging: divergingScale(red, background, mix(foreground, background, 0.25)),
    textOn: (colour) => readable(colour, foreground, background),
  };
}

/** VS Code sets its variables on the root element's style, and the kind of theme as a class of the body. */
function watch(): void {
  const observer = new MutationObserver(() => {
    const seen = `${document.documentElement.style.cssText}\n${document.body.className}`;
    if (seen === fingerprint) return;
    fingerprint = seen;
    current = readTheme();
    for (const listener of listeners) listener(current);
  });
  observer.observe(document.documentElement, { attributeFilter: ['style', 'class'] });
  observer.observe(document.body, { attributeFilter: ['class'] });
}

watch();
