/** Small multiples of line charts as SVG: grey text and mid-tone lines that can be read on a light and on a dark page. */

export interface Line {
  readonly label: string;
  readonly colour: string;
  readonly dashed?: boolean;
  /** One value a step; gaps where a value is not finite. */
  readonly values: readonly number[];
}

export interface Panel {
  readonly title: string;
  readonly scale: 'linear' | 'log';
  readonly lines: readonly Line[];
  /** Smallest and largest value of the axis; default: those of the lines. */
  readonly range?: readonly [number, number];
}

export const colours = {
  blue: '#4a8fdd',
  orange: '#d5791f',
  green: '#2f9e62',
  purple: '#a06fd0',
  grey: '#8a919a',
};

const TEXT = '#7a828c';
const PANEL = { width: 380, height: 210 };
const MARGIN = { left: 52, right: 12, top: 30, bottom: 30 };
const LEGEND = 26;

/**
 * @param title for those who cannot see it
 * @param rows panels side by side, row by row; the legend is that of the first panel
 */
export function chartOf(title: string, rows: readonly (readonly Panel[])[]): string {
  const width = PANEL.width * Math.max(...rows.map((row) => row.length));
  const height = PANEL.height * rows.length + LEGEND;
  const panels = rows.flatMap((row, y) =>
    row.map(
      (panel, x) =>
        `<g transform="translate(${x * PANEL.width} ${y * PANEL.height + LEGEND})">${panelOf(panel)}</g>`,
    ),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13" fill="${TEXT}">`,
    `<title>${title}</title>`,
    legendOf(rows[0]![0]!.lines),
    ...panels,
    '</svg>\n',
  ].join('\n');
}

function legendOf(lines: readonly Line[]): string {
  let x = MARGIN.left;
  return lines
    .map((line) => {
      const entry = `<path d="M${x} 13h22" ${strokeOf(line)}/><text x="${x + 28}" y="17">${line.label}</text>`;
      x += 50 + 7.2 * line.label.length;
      return entry;
    })
    .join('');
}

function panelOf({ title, scale, lines, range }: Panel): string {
  const values = lines.flatMap(({ values }) => values.filter(Number.isFinite));
  const position = scale === 'log' ? Math.log10 : (value: number) => value;
  const [low, high] = (range ?? [Math.min(...values), Math.max(...values)]).map(position) as [
    number,
    number,
  ];
  const steps = Math.max(...lines.map(({ values }) => values.length));
  const right = PANEL.width - MARGIN.right;
  const bottom = PANEL.height - MARGIN.bottom;
  const x = (step: number) => MARGIN.left + (step / (steps - 1)) * (right - MARGIN.left);
  const y = (value: number) =>
    bottom - ((position(value) - low) / (high - low)) * (bottom - MARGIN.top);
  const ticks = ticksOf(low, high, scale).map(
    (tick) =>
      `<path d="M${MARGIN.left} ${y(tick).toFixed(1)}H${right}" stroke="${TEXT}" stroke-opacity=".3"/>` +
      `<text x="${MARGIN.left - 6}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${tick}</text>`,
  );
  const curves = lines.map(
    (line) => `<path d="${curveOf(line.values, x, y, [low, high], position)}" ${strokeOf(line)}/>`,
  );
  return [
    `<text x="${MARGIN.left}" y="18" font-weight="600">${title}</text>`,
    ...ticks,
    ...curves,
    `<text x="${MARGIN.left}" y="${PANEL.height - 10}">step 1</text>`,
    `<text x="${right}" y="${PANEL.height - 10}" text-anchor="end">${steps}</text>`,
  ].join('');
}

/** Values beyond the axis are drawn at its end. */
function curveOf(
  values: readonly number[],
  x: (step: number) => number,
  y: (value: number) => number,
  [low, high]: readonly [number, number],
  position: (value: number) => number,
): string {
  let path = '';
  let isGap = true;
  for (const [step, value] of values.entries()) {
    if (!Number.isFinite(position(value))) {
      isGap = true;
      continue;
    }
    const inside = Math.min(Math.max(position(value), low), high);
    const shown = position === Math.log10 ? 10 ** inside : inside;
    path += `${isGap ? 'M' : 'L'}${x(step).toFixed(1)} ${y(shown).toFixed(1)}`;
    isGap = false;
  }
  return path;
}

function ticksOf(low: number, high: number, scale: Panel['scale']): number[] {
  if (scale === 'log') {
    const every = Math.max(1, Math.round((high - low) / 4));
    return Array.from(
      { length: Math.floor(high) - Math.ceil(low) + 1 },
      (_, i) => Math.ceil(low) + i,
    )
      .filter((power) => power % every === 0)
      .map((power) => Number(`1e${power}`));
  }
  const raw = (high - low) / 4;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * unit).find((size) => size >= raw)!;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(6)),
  );
}

function strokeOf({ colour, dashed }: Line): string {
  return `fill="none" stroke="${colour}" stroke-width="1.8" stroke-linejoin="round"${dashed ? ' stroke-dasharray="5 3"' : ''}`;
}
