/** Chart.js with the parts we draw with, its defaults following the theme of VS Code. */
import {
  type ActiveElement,
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  type ChartOptions,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  Tooltip,
} from 'chart.js';
import { MatrixController, MatrixElement } from 'chartjs-chart-matrix';
import zoom from 'chartjs-plugin-zoom';
import { abbreviated, grouped, short } from '../format.ts';
import { alarmMarks } from './alarmMarks.ts';
import { crosshair } from './crosshair.ts';
import { envelopes } from './envelopes.ts';
import { theme, withTheme } from './theme.ts';
import { showTooltip } from './tooltip.ts';

Chart.register(
  alarmMarks,
  BarController,
  BarElement,
  CategoryScale,
  crosshair,
  envelopes,
  Filler,
  LinearScale,
  LogarithmicScale,
  LineController,
  LineElement,
  MatrixController,
  MatrixElement,
  PointElement,
  Tooltip,
  zoom,
);

// Charts are updated many times a second. Without animation they also respect reduced motion.
Chart.defaults.animation = false;
Chart.defaults.responsive = true;
Chart.defaults.maintainAspectRatio = false;
Chart.defaults.interaction = {
  ...Chart.defaults.interaction,
  mode: 'nearest',
  axis: 'x',
  intersect: false,
};
Chart.defaults.plugins.tooltip.enabled = false;
Chart.defaults.plugins.tooltip.external = showTooltip;
Chart.defaults.elements.point.radius = 0;
Chart.defaults.elements.point.hitRadius = 0;
Chart.defaults.elements.line.borderWidth = 1.5;

// A chart copies the colours of its scales when it is created: functions let them follow a change of theme.
const text = { color: () => theme().muted };
const line = { color: () => theme().grid };
Chart.defaults.set('scale', { ticks: text, title: text, grid: line, border: line });
withTheme((theme) => {
  Chart.defaults.color = theme.muted;
  Chart.defaults.borderColor = theme.grid;
  Chart.defaults.font = { ...Chart.defaults.font, ...theme.font };
});

// For tests and developer tools: `Chart.getChart(canvas)` reads a chart back.
Object.assign(globalThis, { Chart });

export { Chart };

/** What keyboard and legend need of a chart of any type. */
export type AnyChart = Pick<
  Chart,
  | 'canvas'
  | 'getSortedVisibleDatasetMetas'
  | 'getDatasetMeta'
  | 'setActiveElements'
  | 'update'
  | 'isDatasetVisible'
  | 'setDatasetVisibility'
> & {
  readonly tooltip?: {
    readonly title: readonly string[];
    readonly body: readonly { readonly lines: readonly string[] }[];
    readonly afterBody: readonly string[];
    readonly dataPoints?: readonly { readonly parsed: { readonly x?: number | null } }[];
    setActiveElements(active: ActiveElement[], at: { x: number; y: number }): void;
  };
};

/** A point of a line. */
export interface XY {
  x: number;
  y: number | null;
}

export interface Axis {
  readonly title: string;
  readonly min?: number;
  readonly max?: number;
  /** The scale reaches at least this far. */
  readonly suggestedMin?: number;
  readonly suggestedMax?: number;
  /** How ticks are written; default: three significant digits. */
  readonly format?: (value: number) => string;
}

/** Width of tick labels in pixels: the same in every chart, so that steps align in charts below each other. */
const AXIS_WIDTH = { full: 58, compact: 46 };

export type AnyScale = NonNullable<ChartOptions<'line'>['scales']>[string];

/** A vertical axis. */
export function valueAxis(
  { title, format = short, ...range }: Axis,
  position: 'left' | 'right',
  compact: boolean,
): AnyScale {
  return {
    type: 'linear',
    position,
    ...range,
    title: { display: !compact, text: title, padding: 2 },
    ticks: {
      callback: (tick) => {
        const value = Number(tick);
        return compact && Math.abs(value) >= 10_000 ? abbreviated(value) : format(value);
      },
      maxTicksLimit: compact ? 4 : 6,
    },
    grid: {
      drawOnChartArea: position === 'left',
      // For a cosine the sign matters most.
      color: ({ tick }) => (tick?.value === 0 ? theme().muted : theme().grid),
    },
    afterFit: (scale) => {
      if (scale.options.display === false) return;
      scale.width = compact ? AXIS_WIDTH.compact : AXIS_WIDTH.full;
    },
  };
}

/** The horizontal axis, of steps unless its view counts something else. */
export function stepAxis(compact = false): AnyScale {
  return {
    type: 'linear',
    min: 0,
    bounds: 'data',
    title: { display: !compact, text: 'step', padding: 0 },
    grid: { display: false },
    ticks: {
      includeBounds: false,
      maxRotation: 0,
      autoSkipPadding: 16,
      callback: (tick, index) => `${compact && index === 0 ? 'step ' : ''}${grouped(Number(tick))}`,
    },
    // Chart.js puts ticks at the ends of the data, wherever those are.
    afterBuildTicks: (scale) => {
      const { ticks } = scale;
      if (ticks.length < 3) return;
      const gaps = ticks.slice(1).map(({ value }, i) => value - ticks[i]!.value);
      // Gaps at the ends are never too long.
      const distance = Math.max(...gaps);
      const isOff = (a: number, b: number) => Math.abs(b - a - distance) > 1e-6 * distance;
      if (isOff(ticks.at(-2)!.value, ticks.at(-1)!.value)) ticks.pop();
      if (isOff(ticks[0]!.value, ticks[1]!.value)) ticks.shift();
    },
  };
}
