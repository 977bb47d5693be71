import type { ChartDataset, ChartOptions, Scale, TooltipItem } from 'chart.js';
import { type Axis, stepAxis, valueAxis } from './chart.ts';
import { envelopeOf } from './envelopes.ts';
import { zoomOptions } from './navigation.ts';
import type { View } from './view.ts';

export interface TimeChartSpec {
  readonly left: Axis;
  readonly right?: Axis;
  /** Series are parts of a whole: drawn as stacked areas, until `setStacking`, of at most so many columns. */
  readonly areas?: number;
  /** How a value is written in tooltips; default: six significant digits. */
  readonly value?: (value: number | null) => string;
}

/** What a tooltip says of a point. */
interface Words {
  title(dataset: number, index: number): string;
  value(dataset: number, index: number): string;
}

/** Most lines of a tooltip. */
const LISTED = 18;

export function timeOptions(
  { left, right, areas }: TimeChartSpec,
  view: View,
  compact: boolean,
  words: Words,
): ChartOptions<'line'> {
  return {
    normalized: true,
    scales: {
      x: stepAxis(compact),
      left: { ...valueAxis(left, 'left', compact), stacked: areas !== undefined, ...reaching },
      ...(right ? { right: { ...valueAxis(right, 'right', compact), ...reaching } } : {}),
    },
    plugins: {
      filler: { propagate: true, drawTime: 'beforeDatasetDraw' },
      zoom: zoomOptions(view),
      tooltip: {
        filter: (item, _index, items) => isListed(item, items),
        callbacks: {
          title: ([item]) => (item ? words.title(item.datasetIndex, item.dataIndex) : ''),
          label: ({ dataset, datasetIndex, dataIndex }: TooltipItem<'line'>) =>
            `${dataset.label}: ${words.value(datasetIndex, dataIndex)}`,
          labelColor: ({ dataset }) => {
            const colour = String(dataset.pointBackgroundColor);
            return { borderColor: colour, backgroundColor: colour };
          },
        },
      },
    },
  };
}

/** An axis reaches as far as the ranges of its columns, which its lines of means may not. */
const reaching = {
  afterDataLimits: (scale: Scale) => {
    const { chart } = scale;
    const { min: from, max: to } = chart.scales.x?.getUserBounds() ?? { min: 0, max: 0 };
    chart.data.datasets.forEach((dataset, i) => {
      const envelope = envelopeOf(dataset);
      const isHere = (dataset as ChartDataset<'line'>).yAxisID === scale.id;
      if (!envelope || !isHere || !chart.isDatasetVisible(i)) return;
      const { x, min, max } = envelope;
      const { minDefined, maxDefined } = scale.getUserBounds();
      for (let at = 0; at < x.length; at++) {
        if (x[at]! < from || x[at]! > to) continue;
        const isDrawn = scale.type !== 'logarithmic' || min[at]! > 0;
        if (!minDefined && isDrawn && min[at]! < scale.min) scale.min = min[at]!;
        if (!maxDefined && max[at]! > scale.max) scale.max = max[at]!;
      }
    });
  },
};

/** The largest values, where there are more than a tooltip has lines. */
function isListed(item: TooltipItem<'line'>, items: readonly TooltipItem<'line'>[]): boolean {
  const { y } = item.parsed;
  if (y === null) return false;
  return items.filter((other) => (other.parsed.y ?? Number.NEGATIVE_INFINITY) > y).length < LISTED;
}
