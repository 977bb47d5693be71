import type { ChartOptions } from 'chart.js';

type ScaleOptions = NonNullable<ChartOptions<'line'>['scales']>[string];

/** The horizontal axis of optimizer steps, from 0 to the last one drawn, with ticks at even distances. */
export function stepAxis(compact = false): ScaleOptions {
  return {
    type: 'linear',
    min: 0,
    bounds: 'data',
    title: { display: !compact, text: 'step', padding: 0 },
    grid: { display: false },
    ticks: {
      precision: 0,
      includeBounds: false,
      maxRotation: 0,
      autoSkipPadding: 16,
      callback: (tick, index) => (compact && index === 0 ? `step ${tick}` : tick),
    },
    // Chart.js puts a last tick at the end of the data, wherever that is.
    afterBuildTicks: (scale) => {
      const [first, second] = scale.ticks;
      const [beforeLast, last] = scale.ticks.slice(-2);
      if (!first || !second || !beforeLast || !last) return;
      if (last.value - beforeLast.value < second.value - first.value) scale.ticks.pop();
    },
  };
}
