import type {
  CompareRequest,
  CompareShow,
  CompareState,
  CompareToWebview,
} from '../../src/extension/messages/compare.ts';
import { BandChart } from '../charts/bands.ts';
import { ruler } from '../charts/columns.ts';
import { Figure } from '../charts/figure.ts';
import { View, type ViewState } from '../charts/view.ts';
import { ViewToolbar } from '../charts/viewToolbar.ts';
import { Table } from '../controls/dataTable.ts';
import { SortableTable, type TableState } from '../controls/sortableTable.ts';
import { ChoiceList } from '../controls/toolkit.ts';
import { h, setText } from '../dom.ts';
import { plural, withSpread } from '../format.ts';
import { connect, type Host, Page, rootElement } from '../page.ts';
import './compare.css';
import { differenceRows, groupLines, groupTitles, runLines, runTitles } from './tables.ts';

interface Saved extends CompareState {
  readonly view: ViewState;
  readonly groups: TableState | null;
  readonly runs: TableState | null;
}

type CompareHost = Host<CompareToWebview, CompareRequest, Saved>;

/** Most letters of results that a line has room for. */
const SAID = 90;

const NO_CHOICE = { id: '', label: 'None' };

/** Runs of any launches over each other, in tables, and in what their configs differ. */
class CompareView {
  readonly #host: CompareHost;
  readonly #page: Page;
  readonly #view: View;
  readonly #toolbar: ViewToolbar;
  readonly #metric: ChoiceList;
  readonly #by: readonly ChoiceList[];
  readonly #baseline: ChoiceList;
  readonly #summary = h('h1');
  readonly #figure: Figure;
  readonly #chart: BandChart;
  readonly #groups: SortableTable;
  readonly #runs: SortableTable;
  readonly #differences = new Table('Keys of the configs that differ');
  readonly #same = h('p', { class: 'note' });
  readonly #note = h('p', { class: 'note' });
  #shown: CompareShow | undefined;
  #tables: Pick<Saved, 'groups' | 'runs'>;

  constructor(root: HTMLElement, host: CompareHost) {
    this.#host = host;
    const saved = (host.saved ?? {}) as Partial<Record<keyof Saved, unknown>>;
    this.#tables = {
      groups: (saved.groups ?? null) as TableState | null,
      runs: (saved.runs ?? null) as TableState | null,
    };
    this.#view = new View(saved.view, (request) => host.post(request));
    this.#toolbar = new ViewToolbar(this.#view, (unit) => host.post({ type: 'count', unit }));
    this.#metric = new ChoiceList('Metric', (metric) =>
      host.post({ type: 'selectMetric', metric }),
    );
    this.#by = ['Group by', 'and by'].map(
      (label, place) => new ChoiceList(label, (id) => this.#groupBy(place, id)),
    );
    this.#baseline = new ChoiceList('Baseline', (id) =>
      host.post({ type: 'pin', baseline: id === '' ? null : id }),
    );
    this.#groups = new SortableTable('Results of groups', saved.groups, (groups) =>
      this.#keep({ groups }),
    );
    this.#runs = new SortableTable('Results of runs', saved.runs, (runs) => this.#keep({ runs }));
    const content = h('div', { class: 'figures' });
    this.#page = new Page(root, 'compare', this.#header(), this.#toolbar.element, content);
    this.#figure = new Figure({
      id: 'compared-curves',
      title: 'Over steps',
      help: 'Mean of each group; the band is one sample standard deviation either side; thin lines are single runs.',
      announcer: this.#page.announcer,
    });
    this.#chart = new BandChart(this.#figure, { view: this.#view, noun: 'run' });
    this.#figure.element.classList.add('wide');
    content.append(
      this.#figure.element,
      section('Results', this.#groups.element, this.#note),
      section('Runs', this.#runs.element),
      section('Differences', this.#same, this.#differences.element),
    );
    this.#view.onChange(() => this.#save());
    // What was shown before the page was hidden is asked for first.
    this.#view.request();
  }

  show(message: CompareShow): void {
    this.#shown = message;
    const { metric, metrics, groups, runs, facets, by, baseline, unit, units, end } = message;
    this.#page.showContent();
    this.#metric.show(
      metrics.map((name) => ({ id: name, label: name })),
      metric,
    );
    const none = [
      { id: '', label: 'Each run' },
      { id: '', label: 'nothing else' },
    ];
    this.#by.forEach((list, place) => {
      const free = facets.filter(({ id }) => id !== by[1 - place]);
      list.show([none[place]!, ...free], by[place] ?? '');
      list.element.toggleAttribute('disabled', place > by.length);
    });
    this.#baseline.show(
      [NO_CHOICE, ...groups.map(({ key, aggregator }) => ({ id: key, label: aggregator }))],
      baseline ?? '',
    );
    setText(this.#summary, `${plural(runs.length, 'run')} in ${plural(groups.length, 'group')}`);
    this.#figure.retitle(metric);
    this.#figure.now(figuresOf(groups));
    this.#figure.note(noteOf(message));
    if (unit !== this.#view.state.unit) this.#view.change({ unit, from: null, to: null });
    this.#view.columns = ruler(end);
    this.#chart.show(metric, groups);
    this.#toolbar.offer(units);
    this.#toolbar.update();
    this.#groups.show(groupTitles(message), groupLines(groups, message));
    this.#runs.show(runTitles(message), runLines(runs, message));
    this.#showDifferences(message);
    setText(
      this.#note,
      baseline === null ? 'Choose a baseline above to see differences to it.' : PAIRED,
    );
    this.#page.announcer.inform(`${metric}: ${figuresOf(groups)}`);
    this.#save();
  }

  empty(reason: string): void {
    this.#page.showEmpty(reason);
  }

  #header(): HTMLElement {
    const labelled = (label: string, { element }: ChoiceList) =>
      h('div', { class: 'choice' }, h('span', { 'aria-hidden': 'true' }, label), element);
    return h(
      'header',
      { class: 'run-title' },
      h('div', { class: 'run-name' }, this.#summary),
      labelled('Metric', this.#metric),
      labelled('Group by', this.#by[0]!),
      labelled('and', this.#by[1]!),
      labelled('Baseline', this.#baseline),
    );
  }

  #groupBy(place: number, id: string): void {
    const by = [...(this.#shown?.by ?? [])];
    if (id === '') by.splice(place);
    else by[place] = id;
    this.#host.post({ type: 'groupBy', by: by.filter(Boolean) });
  }

  #showDifferences(message: CompareShow): void {
    const { rows } = message.differences;
    this.#differences.show(...differenceRows(message));
    this.#differences.element.hidden = rows.length === 0;
    const same = message.runs.length > 1 ? 'The configs, data and devices are the same.' : '';
    setText(this.#same, rows.length === 0 ? same : '');
  }

  #keep(change: Partial<Pick<Saved, 'groups' | 'runs'>>): void {
    this.#tables = { ...this.#tables, ...change };
    this.#save();
  }

  #save(): void {
    if (!this.#shown) return;
    const { folders, metric, by, baseline, unit } = this.#shown;
    const view = this.#view.state;
    this.#host.setState({
      folders,
      metric,
      by: [...by],
      baseline,
      unit,
      view,
      ...this.#tables,
    } as Saved);
  }
}

const PAIRED =
  'Δ: mean less the baseline’s; over the pairs of runs with the same seed, with the 95 % interval of the paired t test. Without such pairs, of the means.';

function section(title: string, ...content: readonly HTMLElement[]): HTMLElement {
  return h('section', { class: 'figure wide' }, h('h2', {}, title), ...content);
}

function noteOf({ bucket, groups, runs, folders }: CompareShow): string {
  const several = groups.some(({ seeds }) => seeds.length > 1);
  const gone = folders.length - runs.length;
  return [
    several
      ? 'Line: mean of the group. Band: ± one standard deviation. Thin lines: single runs.'
      : '',
    bucket > 1
      ? `Each point is the mean of ${bucket} steps; of a single run, the band is their range.`
      : '',
    gone > 0 ? `${plural(gone, 'run')} no longer there.` : '',
  ]
    .filter(Boolean)
    .join(' ');
}

/** "grain 0.91 ± 0.02, mean 0.88 ± 0.04": of finished runs or, before there are any, so far; empty if that is too long. */
function figuresOf(groups: CompareShow['groups']): string {
  const figures = groups.flatMap(({ aggregator, final, band }) => {
    const now = final ?? band.at(-1);
    return now ? [`${aggregator} ${withSpread(now.mean, now.std)}`] : [];
  });
  const text = figures.join(', ');
  return text.length > SAID ? '' : text;
}

const host: CompareHost = connect();
const view = new CompareView(rootElement(), host);

host.listen((message) => {
  switch (message.type) {
    case 'show':
      return view.show(message);
    case 'empty':
      return view.empty(message.reason);
  }
});
