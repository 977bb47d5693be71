/** What the predictions panel shows of an experiment, and what it is asked for. */
import { formatList } from '../../runs/format.ts';
import { experimentKey } from '../../runs/identity.ts';
import type { RunSummary } from '../../runs/store.ts';
import type { GrainCommand } from '../launch/grainProcess.ts';
import {
  type ExampleShow,
  type Look,
  type PredictionsReply,
  type PredictionsRequest,
  type PredictionsState,
  type PredictionsToWebview,
  predictionsRequest,
} from '../messages/predictions.ts';
import type { EmptyMessage } from '../messages/run.ts';
import { ExampleTexts } from './exampleTexts.ts';
import { choicesOf } from './experimentChoices.ts';
import type { Content } from './livePage.ts';
import { type AboutExamples, detailOf, rowsOf } from './predictionPages.ts';
import { PredictionTables, type SeenMethod } from './predictionTables.ts';

interface Options {
  readonly runs: { readonly ready: Promise<void>; readonly all: readonly RunSummary[] };
  /** Undefined where no process may be started. */
  readonly grain: () => GrainCommand | undefined;
  readonly experimentId: () => string;
  readonly change: (experimentId: string) => void;
  readonly state: PredictionsState | undefined;
  readonly locale: string;
}

/** Sorted with the worst first: what a model gets most wrong is what one opens the panel for. */
const FIRST_LOOK: Omit<Look, 'aggregator' | 'sort'> = {
  seed: null,
  only: 'all',
  target: null,
  prediction: null,
  group: null,
  page: 0,
};

export class PredictionsContent implements Content<PredictionsReply, PredictionsRequest> {
  readonly requests = predictionsRequest;
  readonly #options: Options;
  #tables = new PredictionTables();
  #look: Partial<Look>;
  #example: number | null;
  #texts: { readonly experiment: string; readonly texts: ExampleTexts } | undefined;
  #post: (message: PredictionsToWebview) => void = () => {};
  /** The last message of each type, as JSON. */
  readonly #sent = new Map<string, string>();

  constructor(options: Options) {
    this.#options = options;
    this.#look = options.state?.look ?? {};
    this.#example = options.state?.example ?? null;
  }

  async update(post: (message: PredictionsToWebview) => void, fresh: boolean): Promise<boolean> {
    const { runs, experimentId } = this.#options;
    await runs.ready;
    this.#post = post;
    if (fresh) this.#sent.clear();
    const id = experimentId();
    const own = runs.all.filter((run) => experimentKey(run) === id);
    await this.#show(id, own);
    return this.#texts?.texts.isReading ?? false;
  }

  receive(request: PredictionsRequest): void {
    switch (request.type) {
      case 'selectExperiment':
        this.#look = {};
        this.#example = null;
        this.#tables = new PredictionTables();
        this.#options.change(request.id);
        return;
      case 'look':
        this.#look = { ...this.#look, page: 0, ...request.look };
        return;
      case 'openExample':
        this.#example = request.index;
    }
  }

  dispose(): void {
    this.#texts?.texts.dispose();
  }

  async #show(id: string, runs: readonly RunSummary[]): Promise<void> {
    if (runs.length === 0) return this.#send(deleted);
    const method = await this.#tables.method(runs, this.#look);
    if (!method) return this.#send(waiting);
    const look = this.#lookAt(method);
    const { view, picture, counts } = method;
    const about = this.#about(id, runs, method);
    const choices = choicesOf(this.#options.runs.all, this.#options.locale);
    this.#send({
      type: 'show',
      experiment: choices.find((choice) => choice.id === id)!,
      choices,
      methods: method.methods,
      look,
      picture,
      classes: view.table.classes,
      groups: about.groups,
      counts,
      note: noteOf(method),
    });
    const places = view.select(look, about.group);
    this.#send({
      type: 'page',
      look,
      total: places.length,
      ...rowsOf(view, places, look, about),
      textNote: about.note,
    });
    this.#send({ type: 'example', example: await this.#exampleOf(method, about) });
  }

  /** The user's choices, and defaults for what was not chosen or is not there. */
  #lookAt({ aggregator, view }: SeenMethod): Look {
    const { kind, seeds } = view.table;
    const wanted = this.#look.seed ?? null;
    const by = kind === 'answers' ? 'right' : 'loss';
    return {
      ...FIRST_LOOK,
      sort: { by, descending: kind !== 'answers' },
      ...this.#look,
      aggregator,
      seed: seeds.some(({ seed }) => seed === wanted) ? wanted : null,
    };
  }

  #about(id: string, [run]: readonly RunSummary[], { view }: SeenMethod): About {
    if (this.#texts?.experiment !== id) {
      this.#texts?.texts.dispose();
      const texts = new ExampleTexts(this.#options.grain, run!);
      this.#texts = { experiment: id, texts };
    }
    const { texts } = this.#texts;
    const { table } = view;
    const byLabel = run!.manifest.groups.by === 'label';
    return {
      texts,
      note: texts.note,
      excerpt: (index) => texts.excerpt(index),
      group: byLabel
        ? (index) => table.text(table.targets[table.placeOf(index)]!)
        : (index) => texts.group(index),
      groups: byLabel ? table.classes : texts.groups,
    };
  }

  async #exampleOf({ view }: SeenMethod, about: About): Promise<ExampleShow['example']> {
    const index = this.#example;
    const place = index === null ? -1 : view.table.placeOf(index);
    if (index === null || place < 0) return null;
    const text = about.texts.whole(index);
    return {
      index,
      group: about.group(index),
      parts: text?.parts ?? null,
      textNote: about.note,
      ...(await detailOf(view, place)),
    };
  }

  #send(message: PredictionsToWebview): void {
    const text = JSON.stringify(message);
    if (this.#sent.get(message.type) === text) return;
    // A page that says why it is empty is shown anew by the next message.
    if (message.type === 'empty') this.#sent.clear();
    else this.#sent.delete('empty');
    this.#sent.set(message.type, text);
    this.#post(message);
  }
}

interface About extends AboutExamples {
  readonly texts: ExampleTexts;
  readonly note: string;
  readonly groups: readonly string[];
}

const deleted: EmptyMessage = {
  type: 'empty',
  reason: 'This experiment was deleted. Open another one from the run explorer.',
};

const waiting: EmptyMessage = {
  type: 'empty',
  reason: 'No run of this experiment has predictions yet: a run writes them when it has finished.',
};

function noteOf({ missing, view }: SeenMethod): string {
  const others = view.table.seeds.length;
  if (missing.length === 0) return '';
  const seeds = `${missing.length === 1 ? 'Seed' : 'Seeds'} ${formatList(missing)}`;
  return `${seeds}: no predictions of these examples. What follows is about the other ${others}.`;
}
