import type { WindowReply } from '../../src/extension/messages/columns.ts';
import type {
  MetricsAppend,
  MetricsCost,
  MetricsShow,
  MetricsToWebview,
} from '../../src/extension/messages/metrics.ts';
import type { MetricPoint, MetricsPoint } from '../../src/extension/messages/points.ts';
import type { RunHeader, RunRequest } from '../../src/extension/messages/run.ts';
import { ConflictLines } from '../charts/conflictLines.ts';
import { Figure } from '../charts/figure.ts';
import { TimeChart } from '../charts/timeChart.ts';
import { isKnown, WeightsChart } from '../charts/weightsChart.ts';
import { DataTable } from '../controls/dataTable.ts';
import { Menu } from '../controls/menu.ts';
import { h, setText } from '../dom.ts';
import { exact, figure, mebibytes, percent, plural } from '../format.ts';
import { connect, rootElement } from '../page.ts';
import { spokenRun } from '../runHeader.ts';
import { type RunHost, RunPage, type SavedRun } from '../runPage.ts';
import { directionSummary, formatGuarantee, reasonOf, verdictOf } from '../verdict.ts';
import { MoreCharts } from './moreCharts.ts';
import './metrics.css';

/** The selected run in one strip below the editor: loss and metric, weights, conflict and cost. */
class MetricsView {
  readonly #page: RunPage;
  readonly #cost = h('p', { class: 'cost', hidden: true });
  readonly #table = new DataTable('Latest steps');
  readonly #figures;
  readonly #loss: TimeChart;
  readonly #weights: WeightsChart;
  readonly #rates: ConflictLines;
  readonly #minCosine: ConflictLines;
  readonly #more: MoreCharts;
  #metric = '';
  #validation: MetricPoint[] = [];

  constructor(root: HTMLElement, host: RunHost<MetricsToWebview>) {
    const figures = h('div', { class: 'figures strip' });
    this.#page = new RunPage(root, 'metrics', host, figures, this.#cost, this.#table.element);
    this.#more = new MoreCharts(this.#page.view, this.#page.announcer);
    this.#table.element.before(this.#more.element);
    const { toolbar } = this.#page;
    this.#page.addToTitle(
      ...new Menu('View…', 'View: steps, axis and smoothing of the charts', toolbar.element)
        .elements,
    );
    const { announcer, view } = this.#page;
    this.#figures = {
      loss: new Figure({
        id: 'loss',
        title: 'Loss',
        help: 'Training loss of each step (left scale) and the validation metric (right scale).',
        announcer,
        compact: true,
      }),
      weights: new Figure({
        id: 'weights-area',
        title: 'Weights',
        help: 'The weight of each group in the direction of the step: stacked up to their sum or, if some are negative, as lines. Effective groups: how many decide, all if their weights are equal, 1 if one has all.',
        announcer,
        compact: true,
      }),
      rates: new Figure({
        id: 'conflict-rate',
        title: 'Conflict',
        help: 'Share of pairs of groups with a negative cosine; shares of groups that the plain mean would conflict with, and that the actual update conflicts with.',
        announcer,
        compact: true,
      }),
      minCosine: new Figure({
        id: 'min-cosine',
        title: 'Min cosine',
        help: 'Smallest cosine between the step and a group’s gradient. Below zero, the step makes that group worse, to first order. Certified: it was checked that no step so far does.',
        announcer,
        compact: true,
      }),
    };
    const { loss, weights, rates, minCosine } = this.#figures;
    figures.append(loss.element, weights.element, rates.element, minCosine.element);
    this.#loss = new TimeChart(loss, { left: { title: 'loss' }, right: { title: '' } }, view);
    this.#weights = new WeightsChart(weights, view);
    this.#rates = ConflictLines.rates(rates, view);
    this.#minCosine = ConflictLines.minCosine(minCosine, view);
  }

  show({ run, choices, groups, metric, steps, ...rest }: MetricsShow): void {
    this.#page.title(run, choices);
    if (this.#cost.dataset.runId !== run.id) this.#cost.hidden = true;
    this.#metric = metric;
    this.#validation = [];
    this.#loss.setAxis('right', { title: metric });
    this.#loss.setSeries([
      { label: 'loss', colour: (theme) => theme.foreground, of: 'loss' },
      {
        label: `validation ${metric}`,
        colour: (theme) => theme.accent,
        axis: 'right',
        dash: [5, 3],
        marks: 'on line',
      },
    ]);
    this.#weights.show(groups);
    this.#rates.show(run);
    this.#minCosine.show(run);
    this.#more.show(groups);
    this.#page.show(run, steps);
    this.append({ ...rest, type: 'append', run, steps: null });
  }

  append({ run, steps, latest, validation }: MetricsAppend): void {
    this.#validation.push(...validation);
    this.#loss.setPoints(1, this.#validation);
    this.#page.append(run, steps);
    if (validation.length > 0) this.#loss.draw();
    this.#weights.update(latest);
    this.#more.update();
    this.#describe(run, latest);
  }

  window({ steps }: WindowReply): void {
    this.#page.view.replace(steps);
    this.#more.update();
  }

  cost({ id, cost, againstMean }: MetricsCost): void {
    this.#cost.dataset.runId = id;
    this.#cost.hidden = cost === null;
    if (cost) setText(this.#cost, formatCost(cost, againstMean));
  }

  empty(reason: string): void {
    this.#page.empty(reason);
  }

  #describe(run: RunHeader, latest: readonly MetricsPoint[]): void {
    const { loss, weights, rates, minCosine } = this.#figures;
    const point = latest.at(-1);
    const verdict = verdictOf(run, point, point && groupsIn(point));
    const now = this.#now(run, point);
    loss.now(now.loss);
    weights.now(now.weights);
    rates.now(now.rates);
    minCosine.now(now.minCosine);
    minCosine.element.classList.toggle('bad', run.guarantee.counts.violated > 0);
    const absence = point ? `Not measured: ${reasonOf(point.unmeasured)}.` : '';
    rates.absent(this.#rates.isMeasured ? '' : absence);
    minCosine.absent(this.#minCosine.isMeasured ? '' : absence);
    weights.absent(
      point && !this.#weights.isMeasured ? 'No weights: d is not a weighted sum.' : '',
    );
    this.#table.show(() => [
      [
        'step',
        'loss',
        'effective groups',
        'pairs in conflict',
        'smallest cosine',
        'guarantee',
        'conflict with step',
        'conflict with update',
      ],
      latest
        .toReversed()
        .map((row) => [
          String(row.step),
          exact(row.loss),
          exact(row.effectiveGroups),
          percent(row.conflictRate),
          exact(row.minCosine),
          formatGuarantee(row),
          percent(row.conflictsWith),
          percent(row.updateConflictsWith),
        ]),
    ]);
    this.#page.announcer.inform(
      `${spokenRun(run)}. ${now.loss}; smallest cosine ${now.minCosine}. ${verdict.now}`,
    );
  }

  /** The key figures, as the captions give them. */
  #now(run: RunHeader, point: MetricsPoint | undefined) {
    const validated = this.#validation.at(-1);
    const metric = validated ? ` · ${this.#metric} ${figure(validated.value)}` : '';
    if (!point) return { loss: 'no step yet', weights: '', rates: '', minCosine: '' };
    const { conflicted, measured } = run.guarantee.counts.updates;
    return {
      loss: `${figure(point.loss)}${metric}`,
      weights: point.effectiveGroups === null ? '' : `${figure(point.effectiveGroups)} effective`,
      rates: [
        ...(point.conflictRate === null ? [] : [`pairs ${percent(point.conflictRate)}`]),
        ...(measured === 0 ? [] : [`updates ${percent(conflicted / measured)}`]),
      ].join(', '),
      minCosine: directionSummary(run, point),
    };
  }
}

/** Number of groups present in the step; undefined if the step has no weights. */
function groupsIn({ weights }: MetricsPoint): number | undefined {
  return isKnown(weights) ? weights.filter((weight) => weight !== null).length : undefined;
}

/** What a run costs in time and memory, and how it was measured. */
function formatCost(
  { steps, stepTime, aggregationShare, tensors, resident }: NonNullable<MetricsCost['cost']>,
  againstMean: MetricsCost['againstMean'],
): string {
  const than = (ratio: number | null | undefined) =>
    ratio ? `, ${figure(ratio)} × the mean’s` : '';
  const memory = [
    tensors !== null && `tensors ${mebibytes(tensors)}${than(againstMean?.tensors)}`,
    resident !== null && `process ${mebibytes(resident)}`,
  ].filter((text) => text !== false);
  return [
    `Cost: ${figure(stepTime)} ms per step${than(againstMean?.time)}, ${percent(aggregationShare)} for aggregation (medians of ${plural(steps, 'step')}).`,
    ...(memory.length > 0 ? [`Peak memory: ${memory.join('; ')}.`] : []),
  ].join(' ');
}

const host = connect<MetricsToWebview, RunRequest, SavedRun>();
const view = new MetricsView(rootElement(), host);

host.listen((message) => {
  switch (message.type) {
    case 'show':
      return view.show(message);
    case 'append':
      return view.append(message);
    case 'window':
      return view.window(message);
    case 'cost':
      return view.cost(message);
    case 'empty':
      return view.empty(message.reason);
  }
});
