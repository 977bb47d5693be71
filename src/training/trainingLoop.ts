/** The training loop of one run: steps, validations and checkpoints, each recorded in the run's log. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isOutOfMemory } from '../backends/interface/deviceErrors.ts';
import { aggregatorNamed } from '../engine/aggregators/registry.ts';
import type { AggregationSettings, Warning } from '../engine/types.ts';
import type { OnProgress } from '../nn/module/progress.ts';
import type { EndEvent, RunEvent } from '../runs/events.ts';
import type { RunFailure } from '../runs/failure.ts';
import { runFile } from '../runs/grainFolder.ts';
import type { RunManifest } from '../runs/manifest.ts';
import { failedEnd, RunLog } from '../runs/runLog.ts';
import type { RunObserver } from '../runs/runObserver.ts';
import { keepBest, type TrainingState } from './checkpoints.ts';
import { StagnationWatch } from './earlyStopping.ts';
import { failureOf, TrainingError } from './failures.ts';
import type { Validation } from './objective/objective.ts';
import { writePredictions } from './objective/predictions.ts';
import {
  outOfMemoryInStep,
  outOfMemoryInValidation,
  outOfMemoryWhileLoading,
} from './outOfMemoryAdvice.ts';
import type { Session } from './session.ts';
import { type StepResult, Trainer } from './trainer.ts';

export interface TrainingRun {
  readonly manifest: RunManifest;
  /** Path of the run's folder. */
  readonly folder: string;
  /** What its log is to say at the start. */
  readonly warnings?: readonly string[];
  /** The checkpoint that it resumes from; default: the last one. */
  readonly resumeFrom?: 'last' | 'best';
}

export interface TrainingCallbacks {
  /** Called after each event is written. */
  onEvent(event: RunEvent): void;
  /** Called before each step and during validations; true stops the run with a checkpoint, to be resumed later. */
  shouldStop(): boolean;
  /** Called before every change to the run's folder; throws OwnershipLostError if the run now belongs to another process. */
  assertHeld(): void;
  /** Raises alarms about the run. */
  readonly observer?: RunObserver;
}

/**
 * Trains a run from its last checkpoint to its end; a run without a checkpoint starts at step 0. An error ends the run as failed,
 * with the reason in its log.
 */
export async function train(
  session: Session,
  run: TrainingRun,
  callbacks: TrainingCallbacks,
): Promise<EndEvent> {
  let log: RunLog | undefined;
  let loop: TrainingLoop | undefined;
  try {
    log = await RunLog.open(run.folder, { ...callbacks, manifest: run.manifest });
    if (callbacks.shouldStop()) return log.end('stopped');
    loop = await TrainingLoop.create(session, run, log, callbacks);
    return await loop.run();
  } catch (error) {
    const failure = failureOf(error, run.manifest.id);
    return log?.fail(failure) ?? failedEnd(0, failure);
  } finally {
    loop?.dispose();
    log?.close();
  }
}

/** How long a validation runs before the log reports its progress, and how long until it does so again. */
const FIRST_PROGRESS_MS = 5_000;
const NEXT_PROGRESS_MS = 10_000;

/** Thrown to unwind the loop when the run is to stop. */
class StopRequest extends Error {}

interface LoopOptions {
  readonly session: Session;
  readonly run: TrainingRun;
  readonly aggregation: AggregationSettings;
  readonly trainer: Trainer;
  readonly log: RunLog;
  readonly callbacks: TrainingCallbacks;
}

class TrainingLoop {
  readonly #session: Session;
  readonly #run: TrainingRun;
  readonly #aggregation: AggregationSettings;
  readonly #trainer: Trainer;
  readonly #log: RunLog;
  readonly #callbacks: TrainingCallbacks;
  readonly #checkpoints: string;
  readonly #warned = new Set<string>();
  readonly #stagnation: StagnationWatch | null;
  /** The model's state; a validation counts once it is complete. */
  #state: TrainingState = { step: 0, bestMetric: null };
  #savedStep = -1;
  /** The last validation in this process. */
  #validation: Validation | undefined;

  private constructor({ session, run, aggregation, trainer, log, callbacks }: LoopOptions) {
    this.#session = session;
    this.#run = run;
    this.#aggregation = aggregation;
    this.#trainer = trainer;
    this.#log = log;
    this.#callbacks = callbacks;
    this.#checkpoints = runFile(run.folder, 'checkpoints');
    const { earlyStopping } = session.config;
    this.#stagnation = earlyStopping
      ? new StagnationWatch(earlyStopping, run.manifest.metric.name)
      : null;
  }

  /** @throws TrainingError if the model does not fit into the device's memory */
  static async create(
    session: Session,
    run: TrainingRun,
    log: RunLog,
    callbacks: TrainingCallbacks,
  ): Promise<TrainingLoop> {
    const { id, seed } = run.manifest;
    const aggregation = aggregationFrom(run.manifest);
    const trainer = await withMemoryAdvice(
      () => Trainer.create(session, aggregation, seed),
      (error) => outOfMemoryWhileLoading('model', error, { ...session, aggregation, run: id }),
    );
    return new TrainingLoop({ session, run, aggregation, trainer, log, callbacks });
  }

  dispose(): void {
    this.#trainer.dispose();
  }

  async run(): Promise<EndEvent> {
    try {
      await this.#train();
      return this.#log.end('finished');
    } catch (error) {
      if (!(error instanceof StopRequest)) throw error;
      if (this.#state.step !== this.#savedStep) await this.#save(false);
      return this.#log.end('stopped');
    }
  }

  async #train(): Promise<void> {
    await this.#loadLastCheckpoint();
    // The last checkpoint may be older than the result of its step's validation, or may have been saved during it.
    await this.#validateAndSave();
    while (this.#state.step < this.#session.config.steps) {
      if (await this.#isStagnant()) break;
      if (this.#callbacks.shouldStop()) throw new StopRequest();
      const step = this.#state.step + 1;
      const { facts, warnings } = await this.#step(step);
      const isRepeated = step <= this.#log.lastStep;
      this.#log.step(facts);
      if (!isRepeated) this.#warn(step, warnings);
      this.#state = { ...this.#state, step };
      await this.#validateAndSave();
    }
    // A run that was killed after its last validation is validated again for its predictions, which are not in the log.
    const { predictions } = this.#validation ?? (await this.#runValidation(this.#state.step));
    const lines = predictions();
    this.#callbacks.assertHeld();
    await writePredictions(this.#run.folder, lines);
    if (this.#session.config.keepCheckpoints === 'best') {
      await keepBest(this.#checkpoints, this.#callbacks.assertHeld);
    }
  }

  async #loadLastCheckpoint(): Promise<void> {
    const { assertHeld } = this.#callbacks;
    const { lastStep } = this.#log;
    const { resumeFrom: from = 'last' } = this.#run;
    const loaded = await withMemoryAdvice(
      () => this.#trainer.load(this.#checkpoints, { from, lastStep, assertHeld }),
      (error) => outOfMemoryWhileLoading('checkpoint', error, this.#context),
    );
    this.#log.start(loaded?.state.step ?? 0);
    if (loaded) {
      const { step, bestMetric } = loaded.state;
      this.#state = { step, bestMetric };
      this.#savedStep = step;
      this.#replayValidations(step);
      for (const damage of loaded.damage) {
        this.#log.warning(step, `${damage}. The run resumes from step ${step}`);
      }
    } else {
      const { task } = this.#session;
      const ofRun = this.#run.warnings ?? [];
      const warnings = [...ofRun, ...task.warnings, ...this.#trainer.warnings];
      for (const warning of warnings) this.#log.warning(0, warning);
    }
  }

  /** A resumed run is as patient as one that was never stopped. @param end the step that it resumes from, which is validated next */
  #replayValidations(end: number): void {
    const { evaluateEvery } = this.#session.config;
    for (let step = 0; step < end; step += evaluateEvery) {
      const metrics = this.#log.metricsAt(step);
      if (metrics) this.#stagnation?.add(metrics);
    }
  }

  /** Validates and saves if due: at their intervals, at both ends, and whenever the metric is the best so far. */
  async #validateAndSave(): Promise<void> {
    const { steps, evaluateEvery, checkpointEvery } = this.#session.config;
    const { step, bestMetric } = this.#state;
    const isEnd = step === steps;
    const metric = isEnd || step % evaluateEvery === 0 ? await this.#metricAt(step) : null;
    const isBest = metric !== null && this.#isBetter(metric, bestMetric);
    if (isBest) this.#state = { step, bestMetric: metric };
    const isDue = isEnd || step % checkpointEvery === 0;
    if (isBest || (isDue && step !== this.#savedStep)) await this.#save(isBest);
  }

  /** Whether the run ends before its last step: it is then saved, and says why. */
  async #isStagnant(): Promise<boolean> {
    const reason = this.#stagnation?.reason ?? null;
    if (reason === null) return false;
    const { step } = this.#state;
    if (step !== this.#savedStep) await this.#save(false);
    this.#log.warning(step, reason);
    return true;
  }

  async #step(step: number): Promise<StepResult> {
    return withMemoryAdvice(
      () => this.#trainer.step(step),
      (error) => outOfMemoryInStep(step, error, this.#context, this.#trainer),
    );
  }

  async #runValidation(step: number): Promise<Validation> {
    return withMemoryAdvice(
      () => this.#trainer.validate(this.#progressListener(step)),
      (error) => outOfMemoryInValidation(step, error, this.#context),
    );
  }

  /** Stops a validation on request, and logs the progress of a long one. */
  #progressListener(step: number): OnProgress {
    let reportAt = Date.now() + FIRST_PROGRESS_MS;
    return async (done) => {
      // Some devices never yield to the event loop, which must run for signals to be handled.
      await nextTurn();
      // A complete validation is kept; the loop handles the request next.
      if (done === 1) return;
      if (this.#callbacks.shouldStop()) throw new StopRequest();
      if (Date.now() < reportAt) return;
      this.#log.validating({ step, done });
      reportAt = Date.now() + NEXT_PROGRESS_MS;
    };
  }

  get #context() {
    const { config, device } = this.#session;
    return { run: this.#run.manifest.id, config, device, aggregation: this.#aggregation };
  }

  /** The metric that ranks checkpoints. A validation that is in the log is not repeated. */
  async #metricAt(step: number): Promise<number> {
    const metrics = this.#log.metricsAt(step) ?? (await this.#validate(step));
    this.#stagnation?.add(metrics);
    return metrics[this.#run.manifest.metric.name] ?? Number.NaN;
  }

  async #validate(step: number): Promise<Validation['metrics']> {
    this.#validation = await this.#runValidation(step);
    const { metrics, spread } = this.#validation;
    this.#log.validation({ step, metrics, ...(spread && { spread }) });
    return metrics;
  }

  #isBetter(metric: number, best: number | null): boolean {
    if (best === null) return !Number.isNaN(metric);
    return this.#run.manifest.metric.better === 'higher' ? metric > best : metric < best;
  }

  async #save(best: boolean): Promise<void> {
    const { step } = this.#state;
    const { assertHeld } = this.#callbacks;
    const name = await this.#trainer.save(this.#checkpoints, this.#state, { best, assertHeld });
    this.#log.checkpoint(step, `checkpoints/${name}`, best);
    this.#savedStep = step;
  }

  /** Each kind of warning once per run: how often it applies can be derived from the facts of the steps. */
  #warn(step: number, warnings: readonly Warning[]): void {
    for (const { code, message } of warnings) {
      // Weights that are as good as float64 allows are nothing to warn of.
      if (code === 'rounding-floor') continue;
      // A conflict is expected from an aggregator that does not rule it out.
      if (this.#warned.has(code) || (code === 'conflict' && !this.#guaranteesNoConflict()))
        continue;
      this.#warned.add(code);
      this.#log.warning(step, message);
    }
  }

  #guaranteesNoConflict(): boolean {
    const { name, smoothing } = this.#aggregation;
    return smoothing === 0 && aggregatorNamed(name).properties.nonConflicting;
  }
}

export function aggregationFrom({ aggregation }: RunManifest): AggregationSettings {
  return { ...aggregation, name: aggregatorNamed(aggregation.name).name };
}

/** Explains an error that means out of memory. */
async function withMemoryAdvice<T>(
  work: () => Promise<T>,
  explain: (error: Error) => RunFailure | Promise<RunFailure>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    throw new TrainingError(await explain(error));
  }
}
