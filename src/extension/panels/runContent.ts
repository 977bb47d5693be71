import { knownAggregator } from '../../engine/aggregators/registry.ts';
import { launchLabels } from '../../runs/facets.ts';
import { formatFailure } from '../../runs/failure.ts';
import { formatMethod, formatPercent, formatSeed } from '../../runs/format.ts';
import { badgeOf, besideMean } from '../../runs/guaranteeBadge.ts';
import type { UpdateCounts } from '../../runs/guaranteeTally.ts';
import { experimentKey } from '../../runs/identity.ts';
import { latestFirst } from '../../runs/order.ts';
import { isActive } from '../../runs/status.ts';
import type { RunSummary } from '../../runs/store.ts';
import type { Columns, WindowReply } from '../messages/columns.ts';
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
import type { FeedLease, RunFeed, StepWindow } from './runFeed.ts';

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
  readonly meanUpdates?: (run: Run, runs: readonly Run[]) => Promise<UpdateCounts | null>;
  /** The user chose another run in the page. */
  readonly onSelect: (folder: string) => void;
}

type Post<Show, Append> = (message: Show | Append | WindowReply | EmptyMessage) => void;

interface Shown {
  readonly choices: string;
  readonly header: string;
  readonly generation: number;
  readonly cursor: Cursor;
}

/** The columns of a page, and how wide they are. */
interface Sent {
  /** Steps in a column. */
  readonly bucket: number;
  /** First step of the last column, if that may not be full, or else after it. */
  readonly from: number;
  readonly columns: number;
}

/** Until the page has said how wide its charts are. */
const ALL: StepWindow = { from: null, to: null, columns: 1000 };

/** A page has at most so many times as many columns as it asked for, before they are made wider. */
const MOST = 1.5;

/** Follows one run, whichever is shown. */
export class RunContent<Run extends RunSummary, Show, Append>
  implements Content<Show | Append | WindowReply, RunRequest>
{
  readonly requests = runRequest;
  readonly #options: Options<Run, Show, Append>;
  #lease: FeedLease | undefined;
  #leasedRun: string | undefined;
  /** What the page shows, as JSON and as lengths; `undefined` if everything must be sent. */
  #shown: Shown | undefined;
  /** The steps that the page shows, in how many columns; all of them until it asks for others. */
  #window: StepWindow = ALL;
  /** The columns that the page has, if more of them may follow. */
  #sent: Sent | undefined;
  /** Whether the page waits for the steps that it asked for. */
  #isAsked = false;

  constructor(options: Options<Run, Show, Append>) {
    this.#options = options;
  }

  async update(post: Post<Show, Append>, fresh: boolean): Promise<boolean> {
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
    const feed = await this.#follow(run);
    const mean = (await this.#options.meanUpdates?.(run, runs.all)) ?? null;
    await feed.update((done) => {
      if (this.#shown) return;
      const reason = `Reading the log for the first time: ${formatPercent(done)} done.`;
      post({ type: 'empty', reason });
    });
    await this.#post(post, run, feed, mean);
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

  async #post(post: Post<Show, Append>, run: Run, feed: RunFeed, mean: UpdateCounts | null) {
    if (feed.latest.length === 0) {
      this.#shown = undefined;
      return post({ type: 'empty', reason: waiting(run) });
    }
    const { messages, runs, locale } = this.#options;
    const header = headerOf(run, feed, mean);
    const choices = choicesOf(runs.all, locale);
    const next: Shown = {
      header: JSON.stringify(header),
      choices: JSON.stringify(choices),
      generation: feed.generation,
      cursor: { steps: feed.count, validation: feed.validation.length },
    };
    const shown = this.#shown;
    const isAsked = this.#isAsked;
    this.#isAsked = false;
    this.#shown = next;
    if (shown?.choices !== next.choices || shown.generation !== next.generation) {
      return post(messages.show(header, choices, feed, await this.#whole(feed)));
    }
    if (isAsked) post({ type: 'window', ...(await this.#whole(feed)) });
    const { cursor } = shown;
    if (shown.header === next.header && !grown(cursor, next.cursor)) return;
    const isLonger = this.#window.to === null && next.cursor.steps > cursor.steps;
    const added = isLonger && !isAsked ? await this.#added(feed) : null;
    post(messages.append(header, feed, cursor, added));
  }

  async #whole(feed: RunFeed): Promise<Drawn> {
    const window = this.#window;
    const steps = await feed.window(window, this.#options.messages.series(feed.groups));
    this.#sent = sentWith(steps, 0);
    return { steps, sorted: await this.#sorted(feed, window) };
  }

  /** Only what is new; or everything, in wider columns, if that would be too many of them. */
  async #added(feed: RunFeed): Promise<Drawn> {
    const [sent, window] = [this.#sent, this.#window];
    if (!sent || sent.columns > MOST * window.columns) return this.#whole(feed);
    const { bucket, from } = sent;
    const names = this.#options.messages.series(feed.groups);
    const steps = await feed.window({ ...window, from }, names, bucket);
    this.#sent = sentWith(steps, sent.columns) ?? sent;
    return { steps, sorted: await this.#sorted(feed, window) };
  }

  async #sorted(feed: RunFeed, window: StepWindow): Promise<Drawn['sorted']> {
    const isDrawn = this.#options.messages.sorted && !feed.groups.lasting;
    return isDrawn ? feed.sortedWeights(window) : null;
  }

  #follow(run: Run): Promise<RunFeed> {
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

function sentWith({ bucket, first, last }: Columns, before: number): Sent | undefined {
  const from = first.at(-1);
  if (from === undefined) return undefined;
  return { bucket, from: bucket === 1 ? last.at(-1)! + 1 : from, columns: before + first.length };
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
  const launches = launchLabels(runs, locale);
  return [...runs].sort(latestFirst).map((run) => ({
    id: run.folder,
    label: `${formatMethod(run.manifest)} · ${launches.get(experimentKey(run))}`,
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
