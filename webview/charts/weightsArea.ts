import type { WeightsPoint } from '../../src/extension/messages/weights.ts';
import type { Feed } from './feed.ts';
import type { Figure } from './figure.ts';
import { TimeChart } from './timeChart.ts';

/** Weights of all groups over steps, as areas that fill 0…1; a skipped step, all weights zero, shows as a notch. */
export class WeightsArea {
  readonly #chart: TimeChart;
  #feed: Feed<WeightsPoint> | undefined;

  constructor(figure: Figure) {
    this.#chart = new TimeChart(figure, {
      left: { title: 'weight', min: 0, max: 1 },
      stacked: true,
    });
  }

  show(groupNames: readonly string[], points: readonly WeightsPoint[]): void {
    this.#chart.setSeries(
      groupNames.map((label, group) => ({
        label,
        colour: (theme) => theme.groups(groupNames.length)[group]!,
      })),
    );
    // A group that is absent from a step takes no part of it.
    this.#feed = this.#chart.feed<WeightsPoint>(
      ...groupNames.map(
        (_, group) => [group, (point: WeightsPoint) => point.weights[group] ?? 0] as const,
      ),
    );
    this.append(points);
  }

  append(points: readonly WeightsPoint[]): void {
    this.#feed?.push(points);
    this.#chart.update();
  }

  get stride(): number {
    return this.#feed?.stride ?? 1;
  }
}
