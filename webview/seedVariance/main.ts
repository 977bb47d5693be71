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
import { FinalsChart } from '../charts/finals.ts';
import { Overview } from '../charts/overview.ts';
import { DataTable, type Row, Table } from '../controls/dataTable.ts';
import { ChoiceList } from '../controls/toolkit.ts';
import { h, setText } from '../dom.ts';
import { decimalsOf, plural, withSpread } from '../format.ts';
import { connect, Page, rootElement } from '../page.ts';
import { AgreementSection } from './agreement.ts';
import './seedVariance.css';
import { SourcesSection } from './sources.ts';
import { VerdictSection } from './verdict.ts';

interface Actions {
  selectExperiment(id: string): void;
  selectMetric(metric: string): void;
  addSeeds(): void;
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
  readonly #verdict: VerdictSection;
  readonly #figure: Figure;
  readonly #chart: BandChart;
  readonly #overview = new Overview();
  readonly #fit = h('input', { type: 'checkbox', checked: true });
  readonly #finals: Figure;
  readonly #finalsChart: FinalsChart;
  #shown: Pick<SeedVarianceShow, 'metric' | 'series' | 'verdict'> | undefined;
  readonly #final = new Table('Final value over seeds');
  readonly #finalTitle = h('h2');
  readonly #order = h('p', { class: 'note' });
  readonly #table = new DataTable('Mean over seeds at the latest validations');
  readonly #soups = new Table('One model from several runs');
  readonly #soupsNote = h('p', { class: 'note' });
  readonly #soupsSection: HTMLElement;
  readonly #sources: SourcesSection;
  readonly #agreement: AgreementSection;
  readonly #title: HTMLElement;

  constructor(root: HTMLElement, actions: Actions) {
    this.#verdict = new VerdictSection(() => actions.addSeeds());
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
      help: 'The last value of each run that counts, on the axis of the curves; the box reaches from quartile to quartile, its line is the median. ×: a run that failed; one that diverged is at the value of a constant prediction, or below the axis.',
      announcer: this.#page.announcer,
    });
    this.#finalsChart = new FinalsChart(this.#finals);
    this.#fit.addEventListener('change', () => this.#draw());
    this.#figure.legend.after(
      h('label', { class: 'fit' }, this.#fit, 'Fit the axes to the last half of the steps'),
    );
    this.#soupsSection = h(
      'section',
      { class: 'figure wide soups', 'aria-labelledby': 'soups-title', hidden: true },
      h('h2', { id: 'soups-title' }, 'One model from several runs'),
      this.#soups.element,
      this.#soupsNote,
    );
    const { announcer } = this.#page;
    this.#sources = new SourcesSection(announcer);
    this.#agreement = new AgreementSection(announcer, (aggregator, index) =>
      actions.openPredictions(aggregator, index),
    );
    content.append(
      h('div', { class: 'curves' }, this.#figure.element, this.#finals.element),
      h('section', { class: 'figure wide' }, this.#finalTitle, this.#final.element, this.#order),
      this.#soupsSection,
      this.#sources.element,
      this.#agreement.element,
    );
  }

  show(message: SeedVarianceShow): void {
    const { experiment, choices, metric, better, metrics, series, verdict } = message;
    const { table } = verdict;
    this.#page.showContent();
    this.#title.dataset.experimentId = experiment.id;
    this.#experiments.show(choices, experiment.id);
    this.#metrics.show(
      metrics.map((name) => ({ id: name, label: name })),
      metric,
    );
    setText(this.#name, [experiment.label, namesOf(series)].filter(Boolean).join(' · '));
    setText(this.#progress, progressOf(series));
    this.#verdict.show(verdict, message.canAddSeeds);
    this.#sources.show(metric, verdict.crossed);
    this.#agreement.show(message.agreements);
    this.#shown = { metric, series, verdict };
    this.#chart.show(metric, series);
    const thin = this.#chart.isThin ? ' Dotted, with hollow points: a mean over fewer seeds.' : '';
    this.#figure.note(`${LINES}${thin}`);
    this.#draw();
    this.#finals.note(failedNote(verdict));
    const now = figuresNow(series, better);
    this.#figure.now(now);
    setText(this.#finalTitle, `Final ${table.title}`);
    setText(this.#order, [table.note, orderOf(series, better)].filter(Boolean).join(' '));
    this.#final.show(table.head, table.rows);
    const { soups } = message;
    this.#soupsSection.hidden = soups.rows.length === 0;
    this.#soups.show(soups.head, soups.rows);
    setText(this.#soupsNote, soups.note ?? '');
    this.#table.show(() => [
      ['method', 'step', 'mean over seeds', 'std over seeds', 'seeds'],
      latestRows(series),
    ]);
    this.#page.announcer.inform(`${experiment.label}, ${metric}: ${now}. ${progressOf(series)}.`);
  }

  /** The charts that follow the axes of the curves. */
  #draw(): void {
    if (!this.#shown) return;
    const { metric, series, verdict } = this.#shown;
    this.#chart.fit(this.#fit.checked);
    const { range } = this.#chart;
    this.#overview.element.hidden = !this.#fit.checked;
    this.#overview.show(series, range);
    const aggregators = series.map(({ aggregator }) => aggregator);
    const { min, max } = range;
    this.#finalsChart.show(metric, aggregators, verdict.results, { min, max });
  }

  empty(reason: string): void {
    this.#page.showEmpty(reason);
  }
}

/** Which runs failed, and what stands for them; empty if none did. */
function failedNote({ results }: SeedVerdict): string {
  const failed = results.filter((result) => result.failed);
  if (failed.length === 0) return '';
  const aggregators = [...new Set(failed.map(({ aggregator }) => aggregator))];
  const told = aggregators.map((aggregator) => {
    const own = failed.filter((result) => result.aggregator === aggregator);
    return `${aggregator}: ${own.map(({ seed }) => seed).join(', ')}`;
  });
  const without = failed.some(({ value }) => value === null)
    ? ' Those without a value are in no box and no mean.'
    : '';
  return `× Failed: seeds of ${told.join('; ')}.${without}`;
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

/** A comparison for `sort`: the better value first. */
function preferring(better: 'higher' | 'lower', a: number, b: number): number {
  if (a === b) return 0;
  return a < b === (better === 'lower') ? -1 : 1;
}

function orderOf(series: readonly AggregatorSeries[], better: SeedVarianceShow['better']): string {
  if (series.length < 2) return '';
  return better === null ? 'In launch order.' : 'The best mean first.';
}

function progressOf(series: readonly AggregatorSeries[]): string {
  const runs = series.flatMap(({ seeds }) => seeds);
  const finished = runs.filter(({ status }) => status === 'finished').length;
  return `${finished} of ${plural(runs.length, 'run')} finished`;
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
  addSeeds: () => host.post({ type: 'addSeeds' }),
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
