import type { WeightsPoint } from '../../src/extension/messages/points.ts';
import type { RunHeader, RunPanelState, RunRequest } from '../../src/extension/messages/run.ts';
import type {
  WeightsAppend,
  WeightsShow,
  WeightsToWebview,
} from '../../src/extension/messages/weights.ts';
import { BarChart } from '../charts/bars.ts';
import { Figure } from '../charts/figure.ts';
import { type Feed, TimeChart } from '../charts/timeChart.ts';
import { isKnown, sumOf, WeightsArea } from '../charts/weightsArea.ts';
import { DataTable, latest } from '../controls/dataTable.ts';
import { h } from '../dom.ts';
import { averaged, exact, short, thinned } from '../format.ts';
import { connect, Page, rootElement } from '../page.ts';
import { RunTitle, spokenRun } from '../runHeader.ts';
import { BlockWeightsFigure, formatWeight } from './blocks.ts';
import './weights.css';

/** Which groups decide the step: their weights over steps and now, and the effective number of groups. */
class WeightsView {
  readonly #page: Page;
  readonly #title: RunTitle;
  readonly #table = new DataTable('Weights of the latest steps');
  readonly #figures;
  readonly #area: WeightsArea;
  readonly #now: BarChart;
  readonly #blocks: BlockWeightsFigure;
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
        help: 'The weight of each group in the direction of the step: stacked up to their sum or, if some are negative, as lines.',
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
        help: '(Σ|w|)² / Σw²: k if all groups have the same weight, 1 if only one group has any.',
        announcer,
      }),
    };
    this.#blocks = new BlockWeightsFigure(announcer);
    this.#table.element.after(this.#blocks.table.element);
    const { area, now, effective } = this.#figures;
    area.element.classList.add('wide');
    figures.append(area.element, this.#blocks.figure.element, now.element, effective.element);
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

  append({ run, points, blocks }: WeightsAppend): void {
    this.#title.update(run);
    this.#latest = latest(this.#latest, points);
    this.#area.append(points);
    this.#effectiveFeed?.push(points);
    this.#effective.update();
    const newest = this.#latest.at(-1);
    this.#now.show(
      this.#groupNames.map((name, i) => ({ name, value: newest?.weights[i] ?? null })),
    );
    this.#describe(run, newest);
    this.#blocks.show(this.#groupNames, blocks);
    this.#page.announcer.inform(
      `${spokenRun(run)}. ${newest ? this.#spoken(newest) : 'No step yet.'}`,
    );
  }

  empty(reason: string): void {
    this.#page.showEmpty(reason);
  }

  #describe(run: RunHeader, newest: WeightsPoint | undefined): void {
    const { area, now, effective } = this.#figures;
    const count = this.#groupNames.length;
    const absence = newest && !this.#area.isMeasured ? absenceOf(run) : '';
    for (const figure of [area, now, effective]) figure.absent(absence);
    const key = (text: (point: WeightsPoint) => string) =>
      newest ? (isKnown(newest.weights) ? text(newest) : '') : 'no step yet';
    area.now(key((point) => this.#largest(point)));
    area.note([this.#kindNote(newest), averaged(this.#area.width)].filter(Boolean).join(' '));
    now.now(key(({ step }) => `step ${step}`));
    effective.note(thinned(this.#effectiveFeed?.stride ?? 1));
    effective.now(key((point) => `${short(point.effectiveGroups)} of ${count} now`));
    this.#table.show(() => [
      ['step', ...this.#groupNames, 'sum', 'effective groups'],
      this.#latest
        .toReversed()
        .map(({ step, weights, effectiveGroups }) => [
          String(step),
          ...weights.map((weight) => formatWeight(weight, weights)),
          isKnown(weights) ? exact(sumOf(weights)) : '–',
          exact(effectiveGroups),
        ]),
    ]);
  }

  /** How to read weights that are not shares of a whole. */
  #kindNote(newest: WeightsPoint | undefined): string {
    const now = newest && isKnown(newest.weights) ? short(sumOf(newest.weights)) : '';
    switch (this.#area.kind) {
      case 'shares':
        return '';
      case 'parts':
        return `The weights need not sum to 1: the height of the stack is their sum${now && `, now ${now}`}.`;
      case 'signed':
        return `Some weights are negative, so each group is a line, not a layer. Their sum need not be 1${now && `; now it is ${now}`}.`;
    }
  }

  #largest({ weights }: WeightsPoint): string {
    const known = weights.map((weight) => weight ?? 0);
    const most = Math.max(...known);
    return `largest now: ${this.#groupNames[known.indexOf(most)] ?? ''}, ${short(most)}`;
  }

  #spoken(point: WeightsPoint): string {
    return isKnown(point.weights)
      ? `${this.#largest(point)}; ${short(point.effectiveGroups)} effective groups.`
      : 'The latest step has no weights.';
  }
}

function absenceOf({ method, aggregator }: RunHeader): string {
  return `No weights: the direction of ${method?.name ?? aggregator} is not a weighted sum of the groups’ gradients.`;
}

const host = connect<WeightsToWebview, RunRequest, RunPanelState>();
const view = new WeightsView(rootElement(), (id) => host.post({ type: 'selectRun', id }));

host.listen((message) => {
  switch (message.type) {
    case 'show':
      host.setState({ runId: message.run.id });
      return view.show(message);
    case 'append':
      return view.append(message);
    case 'empty':
      return view.empty(message.reason);
  }
});
