import type { Disposable } from 'vscode';
import type { StepDiagnostics, StepFacts } from '../../engine/diagnoseStep.ts';
import type { AggregationSettings } from '../../engine/types.ts';
import { AlarmLog } from '../../experiment/alarms/alarmWatch.ts';
import type { RunAlarm } from '../../runs/alarms.ts';
import type { RunEvent, StepEvent } from '../../runs/events.ts';
import { factsOf } from '../../runs/facts.ts';
import { badgeOf } from '../../runs/guaranteeBadge.ts';
import { GuaranteeTally } from '../../runs/guaranteeTally.ts';
import { hasLastingGroups, type RunManifest } from '../../runs/manifest.ts';
import type { RunSummary } from '../../runs/store.ts';
import { EventTail } from '../../runs/tail.ts';
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
import { StepColumns } from './stepColumns.ts';
import { stepSeries } from './stepSeries.ts';

/** Events whose steps are sent to the engine at once: few enough for a long log to appear gradually. */
const BATCH = 500;

export interface EventReader {
  /** Events added since the last call. */
  read(): Promise<RunEvent[]>;
}

interface Engine {
  diagnose(steps: readonly StepFacts[]): Promise<readonly StepDiagnostics[]>;
}

/** As many as tables show. */
const LATEST = 25;

/** The log of one run as columns to draw; it only grows. */
export class RunFeed implements RunPoints {
  readonly columns = new StepColumns();
  /** The newest steps. */
  latest: readonly MetricsPoint[] = [];
  readonly validation: MetricPoint[] = [];
  /** Cosines of the latest step that has a Gram matrix. */
  cosines: CosineMatrix | null = null;
  /** Weights of the latest step's blocks, if they have their own. */
  blocks: BlockWeights | null = null;
  readonly guarantee: GuaranteeTally;
  readonly #alarms: AlarmLog;
  readonly groups: Groups;
  /** Name of the metric in `validation`. */
  readonly metric: string;

  readonly #aggregation: AggregationSettings<string>;
  readonly #source: EventReader;
  readonly #engine: Engine;
  /** Events read whose steps are not yet diagnosed. */
  #pending: RunEvent[] = [];
  #update: Promise<void> | undefined;

  constructor(manifest: RunManifest, source: EventReader, engine: Engine) {
    this.groups = { names: manifest.groups.names, lasting: hasLastingGroups(manifest) };
    this.metric = manifest.metric.name;
    this.#aggregation = manifest.aggregation;
    this.guarantee = new GuaranteeTally(manifest.aggregation);
    this.#alarms = new AlarmLog(manifest);
    this.#source = source;
    this.#engine = engine;
  }

  /**
   * Reads what was logged since the last call. Overlapping calls share one read.
   *
   * @param onBatch called whenever points were added
   * @throws if the log cannot be read or the engine fails; steps already read are diagnosed in the next call
   */
  update(onBatch?: () => void): Promise<void> {
    this.#update ??= this.#readNew(onBatch).finally(() => {
      this.#update = undefined;
    });
    return this.#update;
  }

  async #readNew(onBatch?: () => void): Promise<void> {
    // One by one: a long log has more events than a call may have arguments.
    for (const event of await this.#source.read()) this.#pending.push(event);
    while (this.#pending.length > 0) {
      const batch = this.#pending.slice(0, BATCH);
      const steps = batch.filter((event) => event.kind === 'step');
      const diagnosed = steps.length > 0 ? await this.#diagnosed(steps) : [];
      this.#add(batch, new Map(diagnosed));
      this.#pending = this.#pending.slice(batch.length);
      onBatch?.();
    }
  }

  /** Those that the trainer logged or, where it logged none, that follow from its facts. */
  get alarms(): readonly RunAlarm[] {
    return this.#alarms.alarms;
  }

  /** Skips malformed steps, which another trainer may log, by bisection. */
  async #diagnosed(steps: readonly StepEvent[]): Promise<[StepEvent, StepDiagnostics][]> {
    try {
      const diagnostics = await this.#engine.diagnose(steps.map(factsOf));
      return steps.map((step, i) => [step, diagnostics[i]!]);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      if (steps.length === 1) return [];
      const middle = steps.length >> 1;
      return [
        ...(await this.#diagnosed(steps.slice(0, middle))),
        ...(await this.#diagnosed(steps.slice(middle))),
      ];
    }
  }

  /** In the order of the log, on which alarms and pauses depend; a malformed step is left out. */
  #add(events: readonly RunEvent[], diagnosed: ReadonlyMap<RunEvent, StepDiagnostics>): void {
    for (const event of events) {
      const derived = diagnosed.get(event);
      if (derived || event.kind !== 'step') this.#alarms.add(event, derived);
      if (event.kind === 'start') this.columns.started(event.at);
      if (event.kind === 'validation') this.#addValidation(event.step, event.metrics);
      if (event.kind === 'step' && derived) this.#addStep(event, derived);
    }
    this.#addLatest([...diagnosed] as [StepEvent, StepDiagnostics][]);
  }

  #addStep(event: StepEvent, derived: StepDiagnostics): void {
    const { step, at, sizes } = event;
    const weights = (event.weights ?? []).toSorted((a, b) => b - a);
    const examples = sizes.reduce((sum, size) => sum + size, 0);
    const series = stepSeries(event, derived, this.#aggregation, this.groups);
    this.columns.push({ step, at, examples, weights }, series);
    this.guarantee.add(derived);
  }

  #addLatest(steps: readonly [StepEvent, StepDiagnostics][]): void {
    const { names } = this.groups;
    const points = steps
      .slice(-LATEST)
      .map(([step, derived]) => pointOf(step, derived, this.#aggregation, names.length));
    this.latest = [...this.latest, ...points].slice(-LATEST);
    const latest = steps.at(-1);
    if (!latest) return;
    this.cosines = matrixOf(...latest, names) ?? this.cosines;
    this.blocks = blockWeightsOf(latest[0], names.length);
  }

  #addValidation(step: number, metrics: Readonly<Record<string, number | null>>): void {
    const value = metrics[this.metric];
    if (value !== undefined) this.validation.push({ step, value });
  }
}

/** A reference to a shared feed; dispose it after use. */
export interface FeedLease extends Disposable {
  readonly feed: RunFeed;
}

/** One feed per run, however many panels show it. */
export class RunFeeds {
  readonly #engine: Engine;
  readonly #feeds = new Map<string, { readonly feed: RunFeed; leases: number }>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** What became of the guarantee of a run, in a few words; null for a run without steps, or if its log cannot be read. */
  async guaranteeOf(run: RunSummary): Promise<string | null> {
    const { feed, dispose } = this.lease(run);
    try {
      await feed.update();
      const { counts } = feed.guarantee;
      return counts.steps === 0 ? null : badgeOf(run.manifest, feed.guarantee).text;
    } catch {
      return null;
    } finally {
      dispose();
    }
  }

  lease(run: RunSummary): FeedLease {
    const { folder } = run;
    const shared = this.#feeds.get(folder) ?? {
      feed: new RunFeed(run.manifest, new EventTail(folder), this.#engine),
      leases: 0,
    };
    this.#feeds.set(folder, shared);
    shared.leases++;
    return {
      feed: shared.feed,
      dispose: () => {
        shared.leases--;
        if (shared.leases === 0 && this.#feeds.get(folder) === shared) this.#feeds.delete(folder);
      },
    };
  }
}
