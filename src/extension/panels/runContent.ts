import { knownAggregator } from '../../engine/aggregators/registry.ts';
import { formatFailure } from '../../runs/failure.ts';
import { formatExperiment, formatPercent, formatSeed } from '../../runs/format.ts';
import { badgeOf, besideMean } from '../../runs/guaranteeBadge.ts';
import type { UpdateCounts } from '../../runs/guaranteeTally.ts';
import { latestFirst } from '../../runs/order.ts';
import { isActive } from '../../runs/status.ts';
import type { RunSummary } from '../../runs/store.ts';
import type { WindowReply, WindowRequest } from '../messages/columns.ts';
import {
  type Cursor,
  type Drawn,
  type EmptyMessage,
  type Method,
  type RunChoice,
  type RunHeader,
  type RunMessages,
  type RunPoints,
  type RunRequest,
  runRequest,
} from '../messages/run.ts';
import type { Content } from './livePage.ts';
import type { FeedLease, RunFeed } from './runFeed.ts';

/** The runs on disk. */
interface Runs<Run> {
  /** Resolves once they have been listed. */
  readonly ready: Promise<void>;
  readonly all: readonly Run[];
  find(folder: string): Run | undefined;
}

interface Options<Run, Show, Append> {
  readonly runs: Runs<Run>;
  readonly feeds: { lease(run: Run): FeedLease };
  readonly messages: RunMessages<Show, Append>;
  /** Folder of the run to show now. */
  readonly shown: () => string | undefined;
  /** For times, as BCP 47. */
  readonly locale: string;
  /** Where the page shows them: the updates of the mean's run beside the run. */
  readonly meanUpdates?: {
    read(run: Run, runs: readonly Run[]): Promise<UpdateCounts | null>;
  };
  /** The user chose another run in the page. */
  readonly onSelect: (folder: string) => void;
}

type Window = Omit<WindowRequest, 'type'>;

/** Until the page has said how wide its charts are. */
const ALL: Window = { from: null, to: null, columns: 1000 };

/** Follows one run, whichever is shown. */
export class RunContent<Run extends RunSummary, Show, Append>
  implements Content<Show | Append | WindowReply, RunRequest>
{
  readonly requests = runRequest;
  readonly #options: Options<Run, Show, Append>;
  #lease: FeedLease | undefined;
  #leasedRun: string | undefined;
  /** What the page shows, as JSON and as lengths; `undefined` if everything must be sent. */
  #shown:
    | { readonly choices: string; readonly header: string; readonly cursor: Cursor }
    | undefined;
  /** The steps that the page shows, in how many columns; all of them until it asks for others. */
  #window: Window = ALL;
  /** Steps in a column, as the page has them. */
  #bucket = 0;
  /** Whether the page waits for the steps that it asked for. */
  #isAsked = false;

  constructor(options: Options<Run, Show, Append>) {
    this.#options = options;
  }

  async update(
    post: (message: Show | Append | WindowReply | EmptyMessage) => void,
    fresh: boolean,
  ): Promise<boolean> {
    const { runs } = this.#options;
    await runs.ready;
    const shown = this.#options.shown();
    const run = shown === undefined ? undefined : runs.find(shown);
    if (this.#leasedRun !== undefined && run?.folder !== this.#leasedRun) this.#window = ALL;
    if (fresh || run?.folder !== this.#leasedRun) this.#shown = undefined;
    if (!run) {
      this.#release();
      post({ type: 'empty', reason: emptyReason(shown) });
      return false;
    }
    const feed = this.#follow(run);
    const mean = (await this.#options.meanUpdates?.read(run, runs.all)) ?? null;
    await feed.update(() => this.#post(post, run, feed, mean));
    this.#post(post, run, feed, mean);
    return isActive(run.status);
  }

  receive(request: RunRequest): void {
    if (request.type === 'selectRun') {
      this.#shown = undefined;
      this.#options.onSelect(request.id);
    } else {
      const { from, to, columns } = request;
      this.#window = { from, to, columns };
      this.#isAsked = true;
    }
  }

  dispose(): void {
    this.#release();
  }

  #post(
    post: (message: Show | Append | WindowReply | EmptyMessage) => void,
    run: Run,
    feed: RunFeed,
    mean: UpdateCounts | null,
  ) {
    if (feed.latest.length === 0) {
      this.#shown = undefined;
      return post({ type: 'empty', reason: waiting(run) });
    }
    const { messages, runs, locale } = this.#options;
    const header = headerOf(run, feed, mean);
    const choices = choicesOf(runs.all, locale);
    const next = {
      header: JSON.stringify(header),
      choices: JSON.stringify(choices),
      cursor: { steps: feed.columns.length, validation: feed.validation.length },
    };
    if (this.#shown?.choices !== next.choices) {
      post(messages.show(header, choices, feed, this.#drawn(feed)));
    } else {
      if (this.#isAsked) post({ type: 'window', ...this.#drawn(feed) });
      const { cursor } = this.#shown;
      if (this.#shown.header !== next.header || grown(cursor, next.cursor)) {
        const isAtEnd = this.#window.to === null && next.cursor.steps > cursor.steps;
        const added = isAtEnd ? this.#drawn(feed, cursor.steps) : null;
        post(messages.append(header, feed, cursor, added));
      }
    }
    this.#isAsked = false;
    this.#shown = next;
  }

  /** @param since number of steps that the page has, all of them if columns are as wide as before */
  #drawn({ columns, groups }: RunFeed, since = 0): Drawn {
    const { messages } = this.#options;
    const names = messages.series(groups);
    const added = columns.window(this.#window, names, since);
    const isWhole = since === 0 || added.bucket !== this.#bucket;
    this.#bucket = added.bucket;
    return {
      steps: isWhole && since > 0 ? columns.window(this.#window, names) : added,
      sorted: messages.sorted && !groups.lasting ? columns.sortedWeights(this.#window) : null,
    };
  }

  #follow(run: Run): RunFeed {
    if (!this.#lease || this.#leasedRun !== run.folder) {
      this.#release();
      this.#lease = this.#options.feeds.lease(run);
      this.#leasedRun = run.folder;
    }
    return this.#lease.feed;
  }

  #release(): void {
    this.#lease?.dispose();
    this.#lease = undefined;
    this.#leasedRun = undefined;
  }
}

function headerOf(
  { manifest, folder, status, step, validating }: RunSummary,
  { latest, guarantee, alarms }: RunPoints,
  mean: UpdateCounts | null,
): RunHeader {
  const { name, metric, smoothing } = manifest.aggregation;
  return {
    id: folder,
    experiment: manifest.experiment.name,
    aggregator: manifest.aggregator,
    method: methodOf(name),
    metric,
    smoothing,
    guarantee: {
      counts: guarantee.counts,
      badge: badgeOf(manifest, guarantee),
      besideMean: besideMean(mean),
    },
    seed: formatSeed(manifest.seed),
    status,
    step: Math.max(step, latest.at(-1)?.step ?? 0),
    steps: manifest.steps,
    validating,
    alarms: alarms.map(({ rule, step, message, clearedAt }) => ({
      rule,
      step,
      message,
      clearedAt,
    })),
  };
}

function methodOf(aggregator: string): Method | null {
  const known = knownAggregator(aggregator);
  if (!known) return null;
  const { name, title, guarantee, reference, properties } = known;
  const { nonConflicting, minimumNorm } = properties;
  return { name, title, guarantee, nonConflicting, minimumNorm, reference };
}

function choicesOf(runs: readonly RunSummary[], locale: string): RunChoice[] {
  return [...runs].sort(latestFirst).map(({ manifest, folder }) => ({
    id: folder,
    label: `${manifest.aggregator} · seed ${formatSeed(manifest.seed)} · ${formatExperiment(manifest, locale)}`,
  }));
}

function grown(before: Cursor, now: Cursor): boolean {
  return now.steps > before.steps || now.validation > before.validation;
}

function emptyReason(folder: string | undefined): string {
  return folder === undefined
    ? 'No runs yet. Start one with "GRAIN: Run GRAIN fine-tune".'
    : 'This run was deleted. Open another one from the run explorer.';
}

function waiting({ status, validating, failure }: RunSummary): string {
  switch (status) {
    case 'queued':
      return 'Queued: the runs of an experiment are trained one after another.';
    case 'running':
      return `Waiting for the first step: the model is being validated${validating === null ? '' : `, ${formatPercent(validating)} done`}.`;
    case 'failed':
      return `The run failed before its first step${failure ? `: ${formatFailure(failure)}` : '.'}`;
    default:
      return `The run was ${status} before its first step.`;
  }
}
