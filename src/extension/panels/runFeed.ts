import type { Disposable } from 'vscode';
import { DerivedAlarms } from '../../experiment/alarms/derivedAlarms.ts';
import type { RunAlarm } from '../../runs/alarms.ts';
import type { Cost } from '../../runs/cost.ts';
import type { StepEvent } from '../../runs/events.ts';
import { diagnosticsOf } from '../../runs/facts.ts';
import { badgeOf } from '../../runs/guaranteeBadge.ts';
import type { GuaranteeTally } from '../../runs/guaranteeTally.ts';
import { RunIndex } from '../../runs/index/runIndex.ts';
import { examplesOfEpoch, hasLastingGroups, type RunManifest } from '../../runs/manifest.ts';
import type { RunSummary } from '../../runs/store.ts';
import type { Columns, SeriesName, SortedWeights, WindowRequest } from '../messages/columns.ts';
import {
  type BlockWeights,
  blockWeightsOf,
  type CosineMatrix,
  type MetricPoint,
  type MetricsPoint,
  matrixOf,
  pointOf,
} from '../messages/points.ts';
import type { Groups, RunPoints } from '../messages/run.ts';
import { RunClock } from './runClock.ts';

/** As many steps as tables show. */
const LATEST = 25;
/** Most steps of which all weights are drawn. */
const SAMPLES = 128;

export type StepWindow = Omit<WindowRequest, 'type'>;

type Run = Pick<RunSummary, 'manifest' | 'folder'>;

/** What panels show of one run: of its log only what they look at is ever in memory. */
export class RunFeed implements RunPoints {
  /** The newest steps. */
  latest: readonly MetricsPoint[] = [];
  validation: readonly MetricPoint[] = [];
  /** Those that the trainer logged or, where it knows no rules, that follow from its facts. */
  alarms: readonly RunAlarm[] = [];
  /** Cosines of the latest step, if it has a Gram matrix. */
  cosines: CosineMatrix | null = null;
  /** Weights of the latest step's blocks, if they have their own. */
  blocks: BlockWeights | null = null;
  readonly groups: Groups;
  /** Name of the metric in `validation`. */
  readonly metric: string;
  readonly #manifest: RunManifest;
  readonly #index: RunIndex;
  readonly #clock: RunClock;
  readonly #alarms: DerivedAlarms;
  /** Number of steps, and bytes of other events, that were read of which log. */
  #read = { generation: 0, steps: 0, rare: 0 };
  #update: Promise<void> | undefined;
  /** Of {@link sortedWeights}, by step. */
  #sorted = new Map<number, readonly number[]>();

  private constructor(run: Run, index: RunIndex) {
    const { manifest } = run;
    this.#alarms = new DerivedAlarms(run);
    this.#manifest = manifest;
    this.#index = index;
    this.#clock = new RunClock(index);
    this.groups = { names: manifest.groups.names, lasting: hasLastingGroups(manifest) };
    this.metric = manifest.metric.name;
  }

  static async open(run: Run): Promise<RunFeed> {
    return new RunFeed(run, await RunIndex.open(run));
  }

  /** Number of steps that were logged. */
  get count(): number {
    return this.#read.steps;
  }

  /** Raised whenever the log was cut or replaced. */
  get generation(): number {
    return this.#read.generation;
  }

  get guarantee(): GuaranteeTally {
    return this.#index.digest.guarantee;
  }

  /** Null before the first step. */
  get cost(): Cost | null {
    return this.#index.digest.cost;
  }

  /**
   * Reads what was logged since the last call. Overlapping calls share one read.
   *
   * @param onProgress called with the share that was read, 0…1, of a log that is read for the first time
   */
  update(onProgress?: (done: number) => void): Promise<void> {
    this.#update ??= this.#readNew(onProgress).finally(() => {
      this.#update = undefined;
    });
    return this.#update;
  }

  /** The logged steps between two, both included. @param bucket steps in a column, in place of the number of columns */
  async window(
    { from, to, columns }: StepWindow,
    names: readonly SeriesName[],
    bucket?: number,
  ): Promise<Columns> {
    const range = { from: from ?? 0, to: to ?? Number.MAX_SAFE_INTEGER, columns };
    const window = await this.#index.window({ ...range, ...(bucket && { bucket }) }, names);
    const [examples, elapsed] = await Promise.all([
      this.#clock.examples(window),
      this.#clock.elapsed(window.at),
    ]);
    const { first, last, series } = window;
    const lastStep = this.latest.at(-1)?.step ?? 0;
    const perEpoch = examplesOfEpoch(this.#manifest);
    return { bucket: window.bucket, lastStep, first, last, examples, elapsed, perEpoch, series };
  }

  /** The weights of single steps all over the window, each the last of as many as the others. */
  async sortedWeights({ from, to }: StepWindow): Promise<SortedWeights> {
    const end = Math.min(to ?? Number.POSITIVE_INFINITY, this.latest.at(-1)?.step ?? 0);
    const share = (end - (from ?? 0)) / SAMPLES;
    // A power of two: as a run grows, most of the steps stay the same, and are known already.
    const bucket = 2 ** Math.max(0, Math.ceil(Math.log2(share)));
    const { last } = await this.window({ from, to, columns: SAMPLES }, [], bucket);
    const sorted = new Map<number, readonly number[]>();
    for (const step of last) {
      const weights = this.#sorted.get(step) ?? sortedOf(await this.#index.step(step));
      sorted.set(step, weights);
    }
    this.#sorted = sorted;
    return { steps: [...sorted.keys()], weights: [...sorted.values()] };
  }

  dispose(): void {
    this.#index.dispose();
  }

  async #readNew(onProgress?: (done: number) => void): Promise<void> {
    const index = this.#index;
    await index.refresh(onProgress);
    this.alarms = await this.#alarms.read(index);
    const { generation, count: steps, rareBytes: rare } = index;
    const isOther = generation !== this.#read.generation;
    const before = isOther ? { steps: 0, rare: 0 } : this.#read;
    if (isOther) this.#sorted.clear();
    if (rare !== before.rare || isOther) await this.#readRare();
    if (steps !== before.steps || isOther) await this.#readLatest(steps - before.steps, isOther);
    this.#read = { generation, steps, rare };
  }

  async #readRare(): Promise<void> {
    const events = await this.#index.rare();
    await this.#clock.resumed(events.filter((event) => event.kind === 'start'));
    this.validation = events.flatMap((event) => {
      if (event.kind !== 'validation') return [];
      const { step, metrics } = event;
      const value = metrics[this.metric];
      return value === undefined ? [] : [{ step, value }];
    });
  }

  async #readLatest(added: number, isOther: boolean): Promise<void> {
    const { names } = this.groups;
    const steps = await this.#index.latestSteps(Math.min(LATEST, added));
    const diagnosed = steps.flatMap((event) => {
      const derived = diagnosticsOf(event);
      return derived ? [{ event, derived }] : [];
    });
    const points = diagnosed.map(({ event, derived }) =>
      pointOf(event, derived, this.#manifest.aggregation, names.length),
    );
    this.latest = [...(isOther ? [] : this.latest), ...points].slice(-LATEST);
    const newest = diagnosed.at(-1);
    if (!newest) return;
    this.cosines = matrixOf(newest.event, newest.derived, names) ?? this.cosines;
    this.blocks = blockWeightsOf(newest.event, names.length);
  }
}

function sortedOf(step: StepEvent | null): readonly number[] {
  return (step?.weights ?? []).toSorted((a, b) => b - a);
}

/** A reference to a shared feed; dispose it after use. */
export interface FeedLease extends Disposable {
  readonly feed: Promise<RunFeed>;
}

/** A feed that nobody uses is kept so long: it may be asked again soon. */
const LINGER_MS = 10_000;

interface SharedFeed {
  readonly feed: Promise<RunFeed>;
  leases: number;
  timer?: NodeJS.Timeout;
}

/** One feed per run, however many panels show it. */
export class RunFeeds implements Disposable {
  readonly #feeds = new Map<string, SharedFeed>();

  /** What became of the guarantee of a run, in a few words; null for a run without steps, or if its log cannot be read. */
  async guaranteeOf(run: RunSummary): Promise<string | null> {
    return this.use(run, ({ guarantee }) =>
      guarantee.counts.steps === 0 ? null : badgeOf(run.manifest, guarantee).text,
    ).catch(() => null);
  }

  /** What the feed of a run says now. */
  async use<T>(run: Run, read: (feed: RunFeed) => T): Promise<T> {
    const lease = this.lease(run);
    try {
      const feed = await lease.feed;
      await feed.update();
      return read(feed);
    } finally {
      lease.dispose();
    }
  }

  lease(run: Run): FeedLease {
    const { folder } = run;
    const shared = this.#feeds.get(folder) ?? { feed: RunFeed.open(run), leases: 0 };
    this.#feeds.set(folder, shared);
    clearTimeout(shared.timer);
    shared.leases++;
    return {
      feed: shared.feed,
      dispose: () => {
        shared.leases--;
        if (shared.leases > 0) return;
        shared.timer = setTimeout(() => this.#drop(folder), LINGER_MS);
        shared.timer.unref();
      },
    };
  }

  dispose(): void {
    for (const folder of this.#feeds.keys()) this.#drop(folder);
  }

  #drop(folder: string): void {
    const shared = this.#feeds.get(folder);
    this.#feeds.delete(folder);
    clearTimeout(shared?.timer);
    void shared?.feed.then((feed) => feed.dispose()).catch(() => {});
  }
}
