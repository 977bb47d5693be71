import type { WindowReply } from '../../src/extension/messages/columns.ts';
import type { WeightsPoint } from '../../src/extension/messages/points.ts';
import type { Groups, RunHeader, RunRequest } from '../../src/extension/messages/run.ts';
import type {
  WeightsAppend,
  WeightsShow,
  WeightsToWebview,
} from '../../src/extension/messages/weights.ts';
import { BarChart } from '../charts/bars.ts';
import { Figure } from '../charts/figure.ts';
import { SortedWeightsMap } from '../charts/sortedWeights.ts';
import { TimeChart } from '../charts/timeChart.ts';
import { isKnown, sumOf, WeightsChart } from '../charts/weightsChart.ts';
import { DataTable } from '../controls/dataTable.ts';
import { h } from '../dom.ts';
import { averaged, bucketed, exact, figure, grouped, short } from '../format.ts';
import { connect, rootElement } from '../page.ts';
import { spokenRun } from '../runHeader.ts';
import { type RunHost, RunPage, type SavedRun } from '../runPage.ts';
import { BlockWeightsFigure, formatWeight } from './blocks.ts';
import './weights.css';

/** Which groups decide the step: their weights over steps and now, and the effective number of groups. */
class WeightsView {
  readonly #page: RunPage;
  readonly #table = new DataTable('Weights of the latest steps');
  readonly #figures;
  readonly #weights: WeightsChart;
  readonly #sorted: SortedWeightsMap;
  readonly #now: BarChart;
  readonly #blocks: BlockWeightsFigure;
  readonly #effective: TimeChart;
  #groups: Groups = { names: [], lasting: true };

  constructor(root: HTMLElement, host: RunHost<WeightsToWebview>) {
    const figures = h('div', { class: 'figures' });
    this.#page = new RunPage(root, 'weights', host, figures, this.#table.element);
    const { announcer, view, toolbar } = this.#page;
    figures.before(toolbar.element);
    this.#figures = {
      area: new Figure({
        id: 'weights-area',
        title: 'Weight of each group',
        help: 'The weight of each group in the direction of the step: stacked up to their sum or, if some are negative, as lines. Of groups that are made anew in each step: how their weights are spread.',
        announcer,
      }),
      sorted: new Figure({
        id: 'sorted-weights',
        title: 'Weights sorted by size',
        help: 'The weights of single steps, the largest at the top. Groups are made anew in each step, so that their numbers mean nothing over steps.',
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
    const { area, sorted, now, effective } = this.#figures;
    area.element.classList.add('wide');
    sorted.element.classList.add('wide');
    figures.append(
      area.element,
      sorted.element,
      this.#blocks.figure.element,
      now.element,
      effective.element,
    );
    this.#weights = new WeightsChart(area, view);
    this.#sorted = new SortedWeightsMap(sorted, view);
    this.#now = new BarChart(now, 'weight');
    const left = { title: 'groups', min: 0, suggestedMax: 1 };
    this.#effective = new TimeChart(effective, { left }, view);
  }

  show({ run, choices, groups, steps, ...rest }: WeightsShow): void {
    this.#page.title(run, choices);
    this.#groups = groups;
    this.#figures.area.retitle(
      groups.lasting ? 'Weight of each group' : 'Spread of the weights over the groups',
    );
    this.#figures.sorted.element.hidden = groups.lasting;
    this.#weights.show(groups);
    this.#effective.setAxis('left', { suggestedMax: groups.names.length });
    this.#effective.setSeries([
      {
        label: 'effective groups',
        colour: (theme) => theme.foreground,
        of: 'effectiveGroups',
      },
    ]);
    this.#page.show(run, steps);
    this.append({ ...rest, type: 'append', run, steps: null });
  }

  append({ run, steps, sorted, latest, blocks }: WeightsAppend): void {
    this.#page.append(run, steps);
    this.#weights.update(latest);
    if (sorted) this.#sorted.show(sorted);
    const newest = latest.at(-1);
    this.#now.show(
      this.#groups.names.map((name, i) => ({ name, value: newest?.weights[i] ?? null })),
      this.#groups.lasting,
    );
    this.#describe(run, latest);
    this.#blocks.show(this.#groups.names, blocks);
    this.#page.announcer.inform(
      `${spokenRun(run)}. ${newest ? this.#spoken(newest) : 'No step yet.'}`,
    );
  }

  window({ steps, sorted }: WindowReply): void {
    this.#page.view.replace(steps);
    if (sorted) this.#sorted.show(sorted);
    this.#note();
  }

  empty(reason: string): void {
    this.#page.empty(reason);
  }

  #describe(run: RunHeader, latest: readonly WeightsPoint[]): void {
    const { area, sorted, now, effective } = this.#figures;
    const { names } = this.#groups;
    const newest = latest.at(-1);
    const absence = newest && !this.#weights.isMeasured ? absenceOf(run) : '';
    for (const figure of [area, sorted, now, effective]) figure.absent(absence);
    const key = (text: (point: WeightsPoint) => string) =>
      newest ? (isKnown(newest.weights) ? text(newest) : '') : 'no step yet';
    area.now(key((point) => this.#largest(point)));
    now.now(key(({ step }) => `step ${grouped(step)}`));
    effective.now(key((point) => `${figure(point.effectiveGroups)} of ${names.length} now`));
    this.#note(newest);
    this.#table.show(() => [
      ['step', ...names, 'sum', 'effective groups'],
      latest
        .toReversed()
        .map(({ step, weights, effectiveGroups }) => [
          String(step),
          ...weights.map((weight) => formatWeight(weight, weights)),
          isKnown(weights) ? exact(sumOf(weights)) : '–',
          exact(effectiveGroups),
        ]),
    ]);
  }

  #note(newest?: WeightsPoint): void {
    const { area, sorted, effective } = this.#figures;
    const { kind, bucket } = this.#weights;
    const isArea = kind === 'shares' || kind === 'parts';
    const steps = isArea ? averaged(bucket) : bucketed(bucket);
    area.note([this.#kindNote(newest), steps].filter(Boolean).join(' '));
    sorted.note(this.#sorted.note);
    effective.note(bucketed(this.#effective.bucket));
  }

  /** How to read weights that are not shares of a whole. */
  #kindNote(newest: WeightsPoint | undefined): string {
    const now = newest && isKnown(newest.weights) ? short(sumOf(newest.weights)) : '';
    switch (this.#weights.kind) {
      case 'shares':
        return '';
      case 'spread':
        return 'Groups are made anew in each step, so there is no line for each: these are the quartiles of a step’s weights.';
      case 'parts':
        return `The weights need not sum to 1: the height of the stack is their sum${now && `, now ${now}`}.`;
      case 'signed':
        return `Some weights are negative, so each group is a line, not a layer. Their sum need not be 1${now && `; now it is ${now}`}.`;
    }
  }

  #largest({ weights }: WeightsPoint): string {
    const known = weights.map((weight) => weight ?? 0);
    const most = Math.max(...known);
    return `largest now: ${this.#groups.names[known.indexOf(most)] ?? ''}, ${figure(most)}`;
  }

  #spoken(point: WeightsPoint): string {
    return isKnown(point.weights)
      ? `${this.#largest(point)}; ${figure(point.effectiveGroups)} effective groups.`
      : 'The latest step has no weights.';
  }
}

function absenceOf({ method, aggregator }: RunHeader): string {
  return `No weights: the direction of ${method?.name ?? aggregator} is not a weighted sum of the groups’ gradients.`;
}

const host = connect<WeightsToWebview, RunRequest, SavedRun>();
const view = new WeightsView(rootElement(), host);

host.listen((message) => {
  switch (message.type) {
    case 'show':
      return view.show(message);
    case 'append':
      return view.append(message);
    case 'window':
      return view.window(message);
    case 'empty':
      return view.empty(message.reason);
  }
});
