import type {
  WeightsAppend,
  WeightsPoint,
  WeightsShow,
} from '../../src/extension/messages/weights.ts';
import { BarChart } from '../charts/bars.ts';
import type { Feed } from '../charts/feed.ts';
import { Figure } from '../charts/figure.ts';
import { TimeChart } from '../charts/timeChart.ts';
import { WeightsArea } from '../charts/weightsArea.ts';
import { DataTable } from '../controls/dataTable.ts';
import { h } from '../dom.ts';
import { averaged, exact, short, thinned } from '../format.ts';
import { latest, newestFirst } from '../latest.ts';
import { Page } from '../page.ts';
import { RunTitle, spokenRun } from '../runHeader.ts';
import './weights.css';

/** Who decides the step: weights of the groups over steps and now, and how many groups take part. */
export class WeightsView {
  readonly #page: Page;
  readonly #title: RunTitle;
  readonly #table = new DataTable('Weights of the latest steps');
  readonly #figures;
  readonly #area: WeightsArea;
  readonly #now: BarChart;
  readonly #effective: TimeChart;
  #effectiveFeed: Feed<WeightsPoint> | undefined;
  #groupNames: readonly string[] = [];
  #aggregator = '';
  #latest: readonly WeightsPoint[] = [];

  constructor(root: HTMLElement, onSelectRun: (runId: string) => void) {
    this.#title = new RunTitle(onSelectRun);
    const figures = h('div', { class: 'figures' });
    this.#page = new Page(root, 'weights', this.#title.element, figures, this.#table.element);
    const { announcer } = this.#page;
    this.#figures = {
      area: new Figure({
        id: 'weights-area',
        title: 'Weight of each group',
        help: 'The share that each group has in the direction of the step; shares of a step sum to 1.',
        announcer,
      }),
      now: new Figure({
        id: 'weights-now',
        title: 'Weights now',
        help: 'The weights of the latest step.',
        announcer,
      }),
      effective: new Figure({
        id: 'effective-groups',
        title: 'Effective number of groups',
        help: '(Σw)² / Σw²: k if all groups weigh the same, 1 if a single one decides.',
        announcer,
      }),
    };
    const { area, now, effective } = this.#figures;
    area.element.classList.add('wide');
    figures.append(area.element, now.element, effective.element);
    this.#area = new WeightsArea(area);
    this.#now = new BarChart(now, 'weight');
    this.#effective = new TimeChart(effective, {
      left: { title: 'groups', min: 0, suggestedMax: 1 },
    });
  }

  show({ run, choices, groupNames, points, blocks }: WeightsShow): void {
    this.#page.showContent();
    this.#title.show(run, choices);
    this.#groupNames = groupNames;
    this.#aggregator = run.aggregator;
    this.#latest = [];
    this.#area.show(groupNames, []);
    this.#effective.setAxis('left', { suggestedMax: groupNames.length });
    this.#effective.setSeries([
      { label: 'effective groups', colour: (theme) => theme.aggregator(this.#aggregator) },
    ]);
    this.#effectiveFeed = this.#effective.feed<WeightsPoint>([0, (point) => point.effectiveGroups]);
    this.append({ type: 'append', run, points, blocks });
  }

  append({ run, points }: WeightsAppend): void {
    this.#title.update(run);
    this.#latest = latest(this.#latest, points);
    this.#area.append(points);
    this.#effectiveFeed?.push(points);
    this.#effective.update();
    const newest = this.#latest.at(-1);
    this.#now.show(
      this.#groupNames.map((name, i) => ({ name, value: newest?.weights[i] ?? null })),
    );
    this.#describe(newest);
    this.#page.announcer.inform(
      `${spokenRun(run)}. ${newest ? this.#spoken(newest) : 'No step yet.'}`,
    );
  }

  empty(reason: string): void {
    this.#page.showEmpty(reason);
  }

  #describe(newest: WeightsPoint | undefined): void {
    const { area, now, effective } = this.#figures;
    const count = this.#groupNames.length;
    area.now(newest ? this.#largest(newest) : 'no step yet');
    area.note(averaged(this.#area.width));
    now.now(newest ? `step ${newest.step}` : 'no step yet');
    effective.note(thinned(this.#effectiveFeed?.stride ?? 1));
    effective.now(newest ? `${short(newest.effectiveGroups)} of ${count} now` : 'no step yet');
    this.#table.show(() => [
      ['step', ...this.#groupNames, 'effective groups'],
      newestFirst(this.#latest).map(({ step, weights, effectiveGroups }) => [
        String(step),
        ...weights.map((weight) => (weight === null ? 'absent' : exact(weight))),
        exact(effectiveGroups),
      ]),
    ]);
  }

  #largest({ weights }: WeightsPoint): string {
    const known = weights.map((weight) => weight ?? 0);
    const most = Math.max(...known);
    return `largest now: ${this.#groupNames[known.indexOf(most)] ?? ''}, ${short(most)}`;
  }

  #spoken(point: WeightsPoint): string {
    return `${this.#largest(point)}; ${short(point.effectiveGroups)} effective groups.`;
  }
}
