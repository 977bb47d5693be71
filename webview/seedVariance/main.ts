import type {
  AggregatorSeries,
  BandPoint,
  SeedVarianceRequest,
  SeedVarianceShow,
  SeedVarianceState,
  SeedVarianceToWebview,
  SeedVerdict,
} from '../../src/extension/messages/seedVariance.ts';
import { BandChart } from '../charts/bands.ts';
import { Figure } from '../charts/figure.ts';
import { FinalsChart, lostSeeds } from '../charts/finals.ts';
import { Overview } from '../charts/overview.ts';
import { DataTable, type Row, Table } from '../controls/dataTable.ts';
import { ChoiceList } from '../controls/toolkit.ts';
import { h, setText } from '../dom.ts';
import { decimalsOf, plural, withSpread } from '../format.ts';
import { connect, Page, rootElement } from '../page.ts';
import { AgreementSection } from './agreement.ts';
import './seedVariance.css';
import { FEW, stdInterval } from './uncertainty.ts';
import { VerdictSection } from './verdict.ts';

interface Actions {
  selectExperiment(id: string): void;
  selectMetric(metric: string): void;
  /** @param index of an example; null for all */
  openPredictions(aggregator: string, index: number | null): void;
}

const LINES =
  'Line: mean over seeds. Band: ± one standard deviation. Thin lines: single seeds; × where one diverged or failed.';

/** The most aggregators that a title names. */
const NAMED = 3;

/** How much results vary across seeds, for each aggregator. */
class SeedVarianceView {
  readonly #page: Page;
  readonly #experiments: ChoiceList;
  readonly #metrics: ChoiceList;
  readonly #name = h('h1');
  readonly #progress = h('span', { class: 'steps' });
  readonly #verdict = new VerdictSection();
  readonly #figure: Figure;
  readonly #chart: BandChart;
  readonly #overview = new Overview();
  readonly #fit = h('input', { type: 'checkbox', checked: true });
  readonly #finals: Figure;
  readonly #finalsChart: FinalsChart;
  #shown: Pick<SeedVarianceShow, 'metric' | 'series'> = { metric: '', series: [] };
  readonly #final = new Table('Final value over seeds');
  readonly #finalTitle = h('h2');
  readonly #order = h('p', { class: 'note' });
  readonly #uncertainty = h('p', { class: 'note' });
  readonly #table = new DataTable('Mean over seeds at the latest validations');
  readonly #agreement: AgreementSection;
  readonly #title: HTMLElement;

  constructor(root: HTMLElement, actions: Actions) {
    this.#experiments = new ChoiceList('Experiment', (id) => actions.selectExperiment(id));
    this.#metrics = new ChoiceList('Metric', (metric) => actions.selectMetric(metric));
    this.#title = h(
      'header',
      { class: 'run-title' },
      this.#experiments.element,
      this.#metrics.element,
      h('div', { class: 'run-name' }, this.#name),
      this.#progress,
    );
    const content = h('div', { class: 'figures' });
    this.#page = new Page(
      root,
      'seed-variance',
      this.#title,
      this.#verdict.element,
      content,
      this.#table.element,
    );
    this.#figure = new Figure({
      id: 'metric-bands',
      title: 'Metric over steps',
      help: 'Mean over seeds; the band is one sample standard deviation either side; thin lines are single seeds.',
      announcer: this.#page.announcer,
    });
    this.#chart = new BandChart(this.#figure);
    this.#figure.plot.after(this.#overview.element);
    this.#finals = new Figure({
      id: 'final-values',
      title: 'Final values',
      help: 'The last value of each finished seed, on the axis of the curves; the box reaches from quartile to quartile, its line is the median.',
      announcer: this.#page.announcer,
    });
    this.#finalsChart = new FinalsChart(this.#finals);
    this.#fit.addEventListener('change', () => this.#draw());
    this.#figure.legend.after(
      h('label', { class: 'fit' }, this.#fit, 'Fit the axes to the last half of the steps'),
    );
    this.#agreement = new AgreementSection((aggregator, index) =>
      actions.openPredictions(aggregator, index),
    );
    content.append(
      h('div', { class: 'curves' }, this.#figure.element, this.#finals.element),
      h(
        'section',
        { class: 'figure wide' },
        this.#finalTitle,
        this.#final.element,
        this.#order,
        this.#uncertainty,
      ),
      this.#agreement.element,
    );
  }

  show(message: SeedVarianceShow): void {
    const { experiment, choices, metric, better, metrics, series, verdict } = message;
    this.#page.showContent();
    this.#title.dataset.experimentId = experiment.id;
    this.#experiments.show(choices, experiment.id);
    this.#metrics.show(
      metrics.map((name) => ({ id: name, label: name })),
      metric,
    );
    setText(this.#name, [experiment.label, namesOf(series)].filter(Boolean).join(' · '));
    setText(this.#progress, progressOf(series));
    this.#verdict.show(verdict);
    this.#agreement.show(message.agreements);
    this.#shown = { metric, series };
    this.#chart.show(metric, series);
    const thin = this.#chart.isThin ? ' Dotted, with hollow points: a mean over fewer seeds.' : '';
    this.#figure.note(`${LINES}${thin}`);
    this.#draw();
    this.#finals.note(lostNote(series));
    const now = figuresNow(series, better);
    this.#figure.now(now);
    setText(this.#finalTitle, `Final ${metric} over finished seeds`);
    setText(this.#order, orderOf(series, better));
    this.#final.show(
      ['method', 'mean over seeds', 'std over seeds', 'least', 'greatest', 'seeds', 'failed'],
      ranked(series, better).map((of) => finalRow(of, verdict)),
    );
    setText(this.#uncertainty, uncertaintyOf(series));
    this.#table.show(() => [
      ['method', 'step', 'mean over seeds', 'std over seeds', 'seeds'],
      latestRows(series),
    ]);
    this.#page.announcer.inform(`${experiment.label}, ${metric}: ${now}. ${progressOf(series)}.`);
  }

  /** The charts that follow the axes of the curves. */
  #draw(): void {
    const { metric, series } = this.#shown;
    this.#chart.fit(this.#fit.checked);
    const { range } = this.#chart;
    this.#overview.element.hidden = !this.#fit.checked;
    this.#overview.show(series, range);
    this.#finalsChart.show(metric, series, { min: range.min, max: range.max });
  }

  empty(reason: string): void {
    this.#page.showEmpty(reason);
  }
}

/** Which seeds are in no mean, no box and no band; empty if all of them are. */
function lostNote(series: readonly AggregatorSeries[]): string {
  const lost = series.flatMap((of) => {
    const seeds = lostSeeds(of).map(({ seed }) => seed);
    return seeds.length === 0 ? [] : [`${of.aggregator}: ${seeds.join(', ')}`];
  });
  return lost.length === 0
    ? ''
    : `× Diverged or failed, in no box and no mean: seeds of ${lost.join('; ')}.`;
}

function namesOf(series: readonly AggregatorSeries[]): string {
  const names = series.map(({ aggregator }) => aggregator);
  if (names.length > NAMED) return `${names.length} aggregators`;
  return [names.slice(0, -1).join(', '), ...names.slice(-1)].filter(Boolean).join(' and ');
}

/** "grain 0.91 ± 0.02, mean 0.88 ± 0.04", each at its latest validation; of many only the best, if it is known which values are better. */
function figuresNow(
  series: readonly AggregatorSeries[],
  better: SeedVarianceShow['better'],
): string {
  const now = series.flatMap(({ aggregator, band }) => {
    const last = band.at(-1);
    return last
      ? [{ mean: last.mean, text: `${aggregator} ${withSpread(last.mean, last.std)}` }]
      : [];
  });
  if (now.length === 0) return 'no validation yet';
  if (now.length <= NAMED) return now.map(({ text }) => text).join(', ');
  if (better === null) return `${now.length} aggregators`;
  return `best now: ${now.toSorted((a, b) => preferring(better, a.mean, b.mean))[0]!.text}`;
}

/** Best mean first, those without a finished seed last; in launch order if it is unknown which values are better. */
function ranked(
  series: readonly AggregatorSeries[],
  better: SeedVarianceShow['better'],
): readonly AggregatorSeries[] {
  if (better === null) return series;
  const worst = better === 'higher' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const meanOf = ({ final }: AggregatorSeries) => final?.mean ?? worst;
  return series.toSorted((a, b) => preferring(better, meanOf(a), meanOf(b)));
}

/** A comparison for `sort`: the better value first. */
function preferring(better: 'higher' | 'lower', a: number, b: number): number {
  if (a === b) return 0;
  return a < b === (better === 'lower') ? -1 : 1;
}

function orderOf(series: readonly AggregatorSeries[], better: SeedVarianceShow['better']): string {
  if (series.length < 2) return '';
  if (better === null) return 'In launch order.';
  return `Best mean first: ${better} is better.`;
}

function progressOf(series: readonly AggregatorSeries[]): string {
  const runs = series.flatMap(({ seeds }) => seeds);
  const finished = runs.filter(({ status }) => status === 'finished').length;
  return `${finished} of ${plural(runs.length, 'run')} finished`;
}

function finalRow({ aggregator, final }: AggregatorSeries, { failures }: SeedVerdict): Row {
  const rate = failures.find((of) => of.aggregator === aggregator);
  const failed = rate && rate.of > 0 ? `${rate.failed} of ${rate.of}` : '–';
  if (!final) return [aggregator, '–', '–', '–', '–', '0', failed];
  const { mean, std, min, max, n } = final;
  const text = decimalsOf(std);
  const spread = std === null ? '–' : text(std);
  return [aggregator, text(mean), spread, text(min), text(max), String(n), failed];
}

/** A warning that a standard deviation over few seeds is uncertain; empty for more. */
function uncertaintyOf(series: readonly AggregatorSeries[]): string {
  const few = series.flatMap(({ final }) =>
    final && final.n >= 2 && final.n <= FEW ? [final.n] : [],
  );
  if (few.length === 0) return '';
  const n = Math.min(...few);
  const [low, high] = stdInterval(n);
  return `A standard deviation over so few seeds is very uncertain: its 95 % confidence interval at n = ${n} is ×${low.toFixed(2)} … ×${high.toFixed(2)}.`;
}

function latestRows(series: readonly AggregatorSeries[]): Row[] {
  return series.flatMap(({ aggregator, band }) =>
    band
      .slice(-10)
      .reverse()
      .map(({ step, mean, std, n }: BandPoint) => {
        const text = decimalsOf(std);
        const spread = std === null ? '–' : text(std);
        return [aggregator, String(step), text(mean), spread, String(n)];
      }),
  );
}

const host = connect<SeedVarianceToWebview, SeedVarianceRequest, SeedVarianceState>();
const view = new SeedVarianceView(rootElement(), {
  selectExperiment: (id) => host.post({ type: 'selectExperiment', id }),
  selectMetric: (metric) => host.post({ type: 'selectMetric', metric }),
  openPredictions: (aggregator, index) => host.post({ type: 'openPredictions', aggregator, index }),
});

host.listen((message) => {
  switch (message.type) {
    case 'show':
      host.setState({ experimentId: message.experiment.id, metric: message.metric });
      return view.show(message);
    case 'empty':
      return view.empty(message.reason);
  }
});
