import type { StepDiagnostics, StepFacts } from '../../engine/diagnoseStep.ts';
import type { RunEvent, StepEvent } from '../../runs/events.ts';
import { factsOf } from '../../runs/facts.ts';
import { type Aggregation, aggregationOf, type RunManifest } from '../../runs/manifest.ts';
import type { CosineMatrix } from '../messages/conflict.ts';
import type { MetricsPoint } from '../messages/metrics.ts';
import type { MetricPoint } from '../messages/seedVariance.ts';
import type { BlockWeights } from '../messages/weights.ts';
import { blockWeightsOf, matrixOf, pointOf } from './points.ts';

/** Steps sent to the engine at once: little enough that a long log appears bit by bit. */
const BATCH = 500;

interface EventSource {
  /** Events added since the last call. */
  read(): Promise<RunEvent[]>;
}

interface Engine {
  diagnose(steps: readonly StepFacts[]): Promise<StepDiagnostics[]>;
}

/** The log of one run as points to draw; only ever grows. */
export class RunFeed {
  readonly points: MetricsPoint[] = [];
  readonly validation: MetricPoint[] = [];
  /** Cosines of the latest step that has a Gram matrix. */
  cosines: CosineMatrix | null = null;
  /** Of the latest step, where its blocks have weights of their own. */
  blocks: BlockWeights | null = null;
  readonly groupNames: readonly string[];
  /** Name of the metric whose validations are kept. */
  readonly metric: string;

  readonly #aggregation: Aggregation;
  readonly #source: EventSource;
  readonly #engine: Engine;
  /** Steps read, but not yet diagnosed. */
  #waiting: StepEvent[] = [];
  #update: Promise<void> | undefined;

  constructor(manifest: RunManifest, source: EventSource, engine: Engine) {
    this.groupNames = manifest.groups.names;
    this.metric = manifest.metric.name;
    this.#aggregation = aggregationOf(manifest);
    this.#source = source;
    this.#engine = engine;
  }

  /**
   * Takes in what was logged since the last call. Calls that overlap share one reading.
   *
   * @param onBatch called whenever points were added
   * @throws if the log cannot be read or the engine fails; steps already read are kept for the next call
   */
  update(onBatch?: () => void): Promise<void> {
    this.#update ??= this.#takeIn(onBatch).finally(() => {
      this.#update = undefined;
    });
    return this.#update;
  }

  async #takeIn(onBatch?: () => void): Promise<void> {
    for (const event of await this.#source.read()) {
      if (event.kind === 'step') this.#waiting.push(event);
      if (event.kind === 'validation') this.#addValidation(event.step, event.metrics);
    }
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, BATCH);
      this.#add(await this.#diagnosed(batch));
      this.#waiting = this.#waiting.slice(batch.length);
      onBatch?.();
    }
  }

  /** A step of another trainer may be malformed: it is left out, so that it does not hide the others. */
  async #diagnosed(steps: readonly StepEvent[]): Promise<[StepEvent, StepDiagnostics][]> {
    try {
      const diagnostics = await this.#engine.diagnose(steps.map(factsOf));
      return steps.map((step, i) => [step, diagnostics[i]!]);
    } catch (error) {
      if (!(error instanceof Error && error.name === 'RangeError')) throw error;
      if (steps.length === 1) return [];
      const middle = steps.length >> 1;
      return [
        ...(await this.#diagnosed(steps.slice(0, middle))),
        ...(await this.#diagnosed(steps.slice(middle))),
      ];
    }
  }

  #add(steps: readonly [StepEvent, StepDiagnostics][]): void {
    const count = this.groupNames.length;
    for (const [step, derived] of steps) {
      this.points.push(pointOf(step, derived, this.#aggregation, count));
    }
    const latest = steps.at(-1);
    if (!latest) return;
    this.cosines = matrixOf(...latest, this.groupNames) ?? this.cosines;
    this.blocks = blockWeightsOf(latest[0], count);
  }

  #addValidation(step: number, metrics: Readonly<Record<string, number | null>>): void {
    const value = metrics[this.metric];
    if (typeof value === 'number') this.validation.push({ step, value });
  }
}
