import type {
  ExampleShow,
  ExamplesPage,
  Look,
  PredictionsPicture,
  PredictionsRequest,
  PredictionsShow,
  PredictionsState,
  PredictionsToWebview,
} from '../../src/extension/messages/predictions.ts';
import { ChoiceList } from '../controls/toolkit.ts';
import { h, setText } from '../dom.ts';
import { grouped, percent, plural } from '../format.ts';
import { connect, type Host, Page, rootElement } from '../page.ts';
import { ConfusionView } from './confusion.ts';
import { ExampleDetail } from './detail.ts';
import { ExampleTableView } from './exampleTable.ts';
import { Filters } from './filters.ts';
import './predictions.css';
import { ScatterView } from './scatter.ts';

type PredictionsHost = Pick<
  Host<PredictionsToWebview, PredictionsRequest, PredictionsState>,
  'post' | 'setState'
>;

/** All seeds together, in the list of seeds. */
const ALL = '*';

/** What a model predicts for each validation example: all of them as a picture, a page of them as a table, one in detail. */
class PredictionsView {
  readonly #host: PredictionsHost;
  readonly #page: Page;
  readonly #experiments: ChoiceList;
  readonly #methods: ChoiceList;
  readonly #seeds: ChoiceList;
  readonly #title: HTMLElement;
  readonly #name = h('h1');
  readonly #counts = h('p', { class: 'counts' });
  readonly #note = h('p', { class: 'note' });
  readonly #confusion: ConfusionView;
  readonly #scatter: ScatterView;
  readonly #filters: Filters;
  readonly #table: ExampleTableView;
  readonly #detail: ExampleDetail;
  #kind: PredictionsPicture['kind'] = 'classes';
  #hasGroups = false;
  #rows: ExamplesPage['rows'] = [];
  #opened: number | null = null;
  #state: Pick<PredictionsState, 'experimentId' | 'look'> | undefined;
  /** Whether the details get the focus once they come: the user asked for them. */
  #isAsked = false;

  constructor(root: HTMLElement, host: PredictionsHost) {
    this.#host = host;
    const look = (change: Partial<Look>) => host.post({ type: 'look', look: change });
    this.#experiments = new ChoiceList('Experiment', (id) =>
      host.post({ type: 'selectExperiment', id }),
    );
    this.#methods = new ChoiceList('Method', (aggregator) => look({ aggregator, seed: null }));
    this.#seeds = new ChoiceList('Seed', (seed) => look({ seed: seed === ALL ? null : seed }));
    this.#title = h(
      'header',
      { class: 'run-title' },
      this.#experiments.element,
      this.#methods.element,
      this.#seeds.element,
      h('div', { class: 'run-name' }, this.#name),
    );
    this.#filters = new Filters(look);
    this.#table = new ExampleTableView({ look, open: (index) => this.#open(index) });
    this.#detail = new ExampleDetail(
      () => this.#close(),
      (by) => this.#step(by),
    );
    this.#confusion = new ConfusionView(look);
    const pictures = h('div', { class: 'pictures' }, this.#confusion.element);
    this.#page = new Page(
      root,
      'predictions',
      this.#title,
      this.#counts,
      this.#note,
      pictures,
      this.#filters.element,
      h('div', { class: 'browser' }, this.#table.element, this.#detail.element),
    );
    this.#scatter = new ScatterView(this.#page.announcer, (index) => this.#open(index));
    pictures.append(this.#scatter.figure.element);
  }

  show(message: PredictionsShow): void {
    const { experiment, choices, methods, look, picture, classes, groups, counts, note } = message;
    this.#page.showContent();
    this.#title.dataset.experimentId = experiment.id;
    this.#experiments.show(choices, experiment.id);
    this.#methods.show(
      methods.map(({ aggregator }) => ({ id: aggregator, label: aggregator })),
      look.aggregator,
    );
    const seeds = methods.find(({ aggregator }) => aggregator === look.aggregator)?.seeds ?? [];
    this.#seeds.show(
      [
        { id: ALL, label: seeds.length === 1 ? 'the one seed' : `all ${seeds.length} seeds` },
        ...seeds.map((seed) => ({ id: seed, label: seedName(seed) })),
      ],
      look.seed ?? ALL,
    );
    const whose = look.seed === null ? plural(counts.seeds, 'seed') : seedName(look.seed);
    setText(this.#name, `${experiment.label} · ${look.aggregator} · ${whose}`);
    setText(this.#counts, countsText(counts));
    setText(this.#note, note);
    this.#note.hidden = note === '';
    this.#kind = picture.kind;
    this.#hasGroups = groups.length > 0;
    this.#confusion.element.hidden = picture.kind !== 'classes';
    this.#scatter.figure.element.hidden = picture.kind !== 'values';
    if (picture.kind === 'classes') this.#confusion.show(picture.confusion, look, counts.seeds);
    if (picture.kind === 'values') this.#scatter.show(picture.scatter, counts.seeds);
    this.#filters.show({ look, classes, groups, counts });
    this.#state = { experimentId: experiment.id, look };
    this.#save();
  }

  page(message: ExamplesPage): void {
    this.#rows = message.rows;
    this.#table.show(message, this.#kind, this.#hasGroups, this.#opened);
  }

  example({ example }: ExampleShow): void {
    this.#opened = example?.index ?? null;
    this.#detail.show(example, this.#kind);
    this.#table.mark(this.#opened);
    if (example && this.#isAsked) this.#detail.focus();
    if (example) this.#isAsked = false;
    this.#save();
  }

  empty(reason: string): void {
    this.#page.showEmpty(reason);
  }

  #open(index: number): void {
    this.#isAsked = true;
    this.#host.post({ type: 'openExample', index: index === this.#opened ? null : index });
    if (index === this.#opened) this.#isAsked = false;
  }

  #close(): void {
    const from = this.#opened;
    this.#host.post({ type: 'openExample', index: null });
    if (from !== null) this.#table.focus(from);
  }

  #step(by: -1 | 1): void {
    const at = this.#rows.findIndex(({ index }) => index === this.#opened);
    const next = this.#rows[at + by];
    if (at >= 0 && next) this.#host.post({ type: 'openExample', index: next.index });
  }

  #save(): void {
    if (this.#state) this.#host.setState({ ...this.#state, example: this.#opened });
  }
}

function seedName(seed: string): string {
  return /^\d/.test(seed) ? `seed ${seed}` : seed;
}

/** "408 examples: 51 (12.5 %) wrong for some seed, 20 for all; the seeds differ on 44 (10.8 %)." */
function countsText({
  examples,
  seeds,
  wrong,
  alwaysWrong,
  disputed,
}: PredictionsShow['counts']): string {
  const all = `${grouped(examples)} validation examples`;
  if (wrong === null || alwaysWrong === null || disputed === null) return `${all}.`;
  const share = (count: number) => `${grouped(count)} (${percent(count / examples)})`;
  if (seeds === 1) {
    const differ = disputed === 0 ? '' : `; another seed differs on ${share(disputed)}`;
    return `${all}: ${share(wrong)} wrong${differ}.`;
  }
  return `${all}: ${share(wrong)} wrong for some seed, ${share(alwaysWrong)} for all; the seeds differ on ${share(disputed)}.`;
}

const host = connect<PredictionsToWebview, PredictionsRequest, PredictionsState>();
const view = new PredictionsView(rootElement(), host);

host.listen((message) => {
  switch (message.type) {
    case 'show':
      return view.show(message);
    case 'page':
      return view.page(message);
    case 'example':
      return view.example(message);
    case 'empty':
      return view.empty(message.reason);
  }
});
