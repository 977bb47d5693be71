/** The pictures of docs/guarantee.md. */
import { mean } from 'simple-statistics';
import { type Grouping, groupings, lengthsOf } from './causes.ts';
import { chartOf, colours, type Panel } from './chart.ts';
import { classCurves } from './collapse.ts';

const titles: Record<Grouping, string> = {
  microbatch: '8 micro-batches',
  label: 'groups by label',
};
const { blue, orange, green, purple, grey } = colours;

/** How long the direction is beside the mean of the gradients, and what AdamW makes of it. */
export async function lengthsPicture(): Promise<string> {
  const rows: Panel[][] = [[], []];
  for (const grouping of Object.keys(groupings) as Grouping[]) {
    const methods = [
      { label: 'grain', colour: orange, lengths: await lengthsOf(grouping, 'grain') },
      {
        label: 'grain-normalized',
        colour: green,
        lengths: await lengthsOf(grouping, 'grain-normalized'),
      },
      { label: 'mean', colour: grey, lengths: await lengthsOf(grouping, 'mean') },
    ];
    const panel = (title: string, kind: 'direction' | 'update'): Panel => ({
      title: `${title}, ${titles[grouping]}`,
      scale: 'log',
      lines: methods.map(({ label, colour, lengths }) => ({
        label,
        colour,
        values: smooth(lengths[kind]),
      })),
      range: kind === 'direction' ? [3e-3, 2] : [2, 200],
    });
    rows[0]!.push(panel('‖d‖ / ‖ḡ‖', 'direction'));
    rows[1]!.push(panel('‖Δ‖ / learning rate', 'update'));
  }
  return chartOf('Lengths of the direction and of the update over the steps', rows);
}

/** Groups by label: the weight and the loss of each class. */
export async function collapsePicture(): Promise<string> {
  const runs = [
    { title: 'grain, sgd', ...(await classCurves('grain', 'sgd')) },
    { title: 'grain, adamw', ...(await classCurves('grain', 'adamw')) },
    { title: 'grain-normalized, adamw', ...(await classCurves('grain-normalized', 'adamw')) },
  ];
  const palette = [blue, orange, green, purple, grey];
  const row = (name: string, kind: 'weights' | 'losses', range: readonly [number, number]) =>
    runs.map(
      (run): Panel => ({
        title: `${name}: ${run.title}`,
        scale: kind === 'losses' ? 'log' : 'linear',
        lines: run[kind].map((values, i) => ({
          label: `class ${5 + i}`,
          colour: palette[i]!,
          values: smooth(values),
        })),
        range,
      }),
    );
  return chartOf('Weight and loss of each class over the steps', [
    row('weight', 'weights', [0, 1]),
    row('loss', 'losses', [0.003, 5]),
  ]);
}

/** Running mean over 10 steps. */
function smooth(values: readonly number[]): number[] {
  return values.map((_, at) => {
    const window = values.slice(Math.max(0, at - 9), at + 1).filter(Number.isFinite);
    return window.length === 0 ? Number.NaN : mean(window);
  });
}
