import { setImmediate as turn } from 'node:timers/promises';
import { isOutOfMemory } from '../backends/operations/outOfMemory.ts';
import { type Aggregation, resolvedAggregation } from '../config/aggregation.ts';
import type { Config } from '../config/schema.ts';
import { ZeroGroupError } from '../engine/aggregate.ts';
import { aggregatorNamed } from '../engine/aggregators/registry.ts';
import type { AggregatorName, Warning } from '../engine/types.ts';
import { CheckpointError } from '../hub/files/checkpointError.ts';
import type { OnProgress } from '../nn/module/onProgress.ts';
import { hasCode } from '../runs/errno.ts';
import type { EndEvent, RunEvent } from '../runs/events.ts';
import type { RunFailure } from '../runs/failure.ts';
import { runFile } from '../runs/grainFolder.ts';
import { aggregationOf, type RunManifest } from '../runs/manifest.ts';
import { RunLog } from '../runs/runLog.ts';
import type { TrainingState } from './checkpoints.ts';
import type { Validation } from './objective/objective.ts';
import { writePredictions } from './objective/predictions.ts';
import { shortageInStep, shortageInValidation } from './outOfMemoryAdvice.ts';
import type { Session } from './session.ts';
import { type StepResult, Trainer, TrainingError } from './trainer.ts';

export interface TrainingRun {
  readonly manifest: RunManifest;
  /** Path of the run's folder. */
  readonly folder: string;
}

export interface TrainingCallbacks {
  /** Is told every event after it was written. */
  onEvent(event: RunEvent): void;
  /** Asked before each step and within validations; true ends the run with a checkpoint, to be resumed later. */
  shouldStop(): boolean;
}

/**
 * Trains a run from its last checkpoint to its end; a fresh run is one without a checkpoint.
 * Whatever goes wrong in training ends the run as failed, in its log.
 */
export async function train(
  session: Session,
  run: TrainingRun,
  watcher: TrainingCallbacks,
): Promise<EndEvent> {
  const log = await RunLog.open(run.folder, watcher.onEvent);
  try {
    if (watcher.shouldStop()) return log.end('stopped');
    const aggregation = aggregationIn(run, session.config);
    const trainer = await Trainer.create(session, aggregation, run.manifest.seed);
    try {
      const { shouldStop } = watcher;
      return await new TrainingLoop({ session, run, aggregation, trainer, log, shouldStop }).run();
    } finally {
      trainer.dispose();
    }
  } catch (error) {
    return log.fail(failureOf(error));
  } finally {
    log.close();
  }
}

/** Why an error ends a run. */
function failureOf(error: unknown): RunFailure {
  if (error instanceof TrainingError) return error.failure;
  const message = error instanceof Error ? error.message : String(error);
  if (isOutOfMemory(error)) return { code: 'outOfMemory', message };
  if (hasCode(error, 'ENOSPC')) return { code: 'diskFull', message };
  if (error instanceof CheckpointError) return { code: 'badCheckpoint', message };
  if (error instanceof ZeroGroupError) return { code: 'zeroGroup', message };
  return { code: 'unknown', message };
}

/** How a run aggregates; runs of old name the aggregator alone. */
function aggregationIn({ manifest }: TrainingRun, { zeroGroups }: Config): Aggregation {
  const { aggregator, aggregation } = manifest;
  return (
    (aggregation as Aggregation) ?? resolvedAggregation(aggregator as AggregatorName, zeroGroups)
  );
}

/** Of a validation, until the log says how far it is, and says so again. */
const FIRST_TOLD_MS = 5_000;
const TOLD_AGAIN_MS = 10_000;

/** The run is to stop. */
class Interruption extends Error {}

interface Parts {
  readonly session: Session;
  readonly run: TrainingRun;
  readonly aggregation: Aggregation;
  readonly trainer: Trainer;
  readonly log: RunLog;
  readonly shouldStop: () => boolean;
}

class TrainingLoop {
  readonly #session: Session;
  readonly #run: TrainingRun;
  readonly #aggregation: Aggregation;
  readonly #trainer: Trainer;
  readonly #log: RunLog;
  readonly #shouldStop: () => boolean;
  readonly #checkpoints: string;
  readonly #warned = new Set<string>();
  /** Where the model is; a validation that is under way does not count yet. */
  #state: TrainingState = { step: 0, bestMetric: null };
  #savedStep = -1;
  /** The last one in this process. */
  #validation: Validation | undefined;

  constructor({ session, run, aggregation, trainer, log, shouldStop }: Parts) {
    this.#session = session;
    this.#run = run;
    this.#aggregation = aggregation;
    this.#trainer = trainer;
    this.#log = log;
    this.#shouldStop = shouldStop;
    this.#checkpoints = runFile(run.folder, 'checkpoints');
  }

  async run(): Promise<EndEvent> {
    try {
      await this.#train();
      return this.#log.end('finished');
    } catch (error) {
      if (!(error instanceof Interruption)) throw error;
      if (this.#state.step !== this.#savedStep) await this.#save(false);
      return this.#log.end('stopped');
    }
  }

  async #train(): Promise<void> {
    await this.#begin();
    while (this.#state.step < this.#session.config.steps) {
      if (this.#shouldStop()) throw new Interruption();
      const step = this.#state.step + 1;
      const { facts, warnings } = await this.#step(step);
      const isRepeated = step <= this.#log.lastStep;
      this.#log.step(facts);
      if (!isRepeated) this.#warn(step, warnings);
      this.#state = { ...this.#state, step };
      await this.#keep();
    }
    // The last step was validated, unless a run that was killed after it goes on: answers are not generated twice.
    const { predictions } = this.#validation ?? (await this.#outputs(this.#state.step));
    await writePredictions(this.#run.folder, predictions());
  }

  /** From the last checkpoint, or the model as it is before the first step. */
  async #begin(): Promise<void> {
    const saved = await this.#trainer.load(this.#checkpoints);
    this.#log.start(saved?.step ?? 0);
    if (saved) {
      const { step, bestMetric } = saved;
      this.#state = { step, bestMetric };
      this.#savedStep = step;
    } else {
      for (const warning of this.#session.task.warnings) this.#log.warning(0, warning);
    }
    // A run that was stopped in a validation, or killed after it, has a checkpoint that does not know how it came out.
    await this.#keep();
  }

  /** Validates and saves where it is due: at their intervals, at both ends, and whenever the metric is the best so far. */
  async #keep(): Promise<void> {
    const { steps, evaluateEvery, checkpointEvery } = this.#session.config;
    const { step, bestMetric } = this.#state;
    const isEnd = step === steps;
    const metric = isEnd || step % evaluateEvery === 0 ? await this.#metricAt(step) : null;
    const isBest = metric !== null && this.#isBetter(metric, bestMetric);
    if (isBest) this.#state = { step, bestMetric: metric };
    const isDue = isEnd || step % checkpointEvery === 0;
    if (isBest || (isDue && step !== this.#savedStep)) await this.#save(isBest);
  }

  async #step(step: number): Promise<StepResult> {
    try {
      return await this.#trainer.step(step);
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
      const said = await shortageInStep(step, error, this.#place);
      throw new TrainingError(said);
    }
  }

  async #outputs(step: number): Promise<Validation> {
    try {
      return await this.#trainer.validate(this.#listenerAt(step));
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
      throw new TrainingError(shortageInValidation(step, error, this.#place));
    }
  }

  /** Hears of a request to stop, and says in the log that a validation takes long. */
  #listenerAt(step: number): OnProgress {
    let tellAt = Date.now() + FIRST_TOLD_MS;
    return async (done) => {
      // Some devices never wait: without this, no signal would be heard.
      await turn();
      // What is complete is kept; the loop asks next.
      if (done === 1) return;
      if (this.#shouldStop()) throw new Interruption();
      if (Date.now() < tellAt) return;
      this.#log.validating({ step, done });
      tellAt = Date.now() + TOLD_AGAIN_MS;
    };
  }

  get #place() {
    const { config, device } = this.#session;
    const run = this.#run.manifest.id;
    return { run, config, device, aggregation: this.#aggregation, trainer: this.#trainer };
  }

  /** The metric that ranks checkpoints. What the log says is not measured again. */
  async #metricAt(step: number): Promise<number> {
    const metrics = this.#log.measuredAt(step) ?? (await this.#validate(step));
    return metrics[this.#run.manifest.metric.name] ?? Number.NaN;
  }

  async #validate(step: number): Promise<Validation['metrics']> {
    this.#validation = await this.#outputs(step);
    const { metrics } = this.#validation;
    this.#log.validation({ step, metrics });
    return metrics;
  }

  #isBetter(metric: number, best: number | null): boolean {
    if (best === null) return !Number.isNaN(metric);
    return this.#run.manifest.metric.better === 'higher' ? metric > best : metric < best;
  }

  async #save(best: boolean): Promise<void> {
    const { step } = this.#state;
    const name = await this.#trainer.save(this.#checkpoints, this.#state, best);
    this.#log.checkpoint(step, `checkpoints/${name}`, best);
    this.#savedStep = step;
  }

  /** Each kind of warning once: that a thing happens is news, how often is in the facts of the steps. */
  #warn(step: number, warnings: readonly Warning[]): void {
    for (const { code, message } of warnings) {
      // That an aggregator steps against groups is no news where it does not promise otherwise.
      if (this.#warned.has(code) || (code === 'conflict' && !this.#promisesNoConflict())) continue;
      this.#warned.add(code);
      this.#log.warning(step, message);
    }
  }

  #promisesNoConflict(): boolean {
    const { name, smoothing } = aggregationOf(this.#run.manifest);
    return smoothing === 0 && aggregatorNamed(name).properties.nonConflicting;
  }
}
