import path from 'node:path';
import { aggregatorNamed } from '../engine/aggregators/registry.ts';
import type { AggregatorName, Warning } from '../engine/types.ts';
import { type Aggregation, resolvedAggregation } from '../experiment/aggregation.ts';
import type { Config } from '../experiment/config.ts';
import type { EndEvent, RunEvent } from '../runs/events.ts';
import { aggregationOf, type RunManifest } from '../runs/manifest.ts';
import type { TrainerState } from './checkpoint.ts';
import { isOutOfMemory } from './devices/outOfMemory.ts';
import type { Validation } from './objective.ts';
import { writePredictions } from './predictions.ts';
import { RunLog } from './runLog.ts';
import type { Session } from './session.ts';
import { shortageInStep, shortageInValidation } from './shortage.ts';
import { type TakenStep, Trainer, TrainingError } from './trainer.ts';

export interface Run {
  readonly manifest: RunManifest;
  /** Path of the run's folder. */
  readonly folder: string;
}

export interface Watcher {
  /** Is told every event after it was written. */
  onEvent(event: RunEvent): void;
  /** Asked before each step; true ends the run with a checkpoint, to be resumed later. */
  shouldStop(): boolean;
}

/**
 * Trains a run from its last checkpoint to its end; a fresh run is one without a checkpoint.
 * Whatever goes wrong in training ends the run as failed, in its log.
 */
export async function train(session: Session, run: Run, watcher: Watcher): Promise<EndEvent> {
  const log = await RunLog.open(run.folder, watcher.onEvent);
  try {
    if (watcher.shouldStop()) return log.end('stopped');
    const aggregation = aggregationIn(run, session.config);
    const trainer = await Trainer.create(session, aggregation, run.manifest.seed);
    try {
      return await new Loop(session, run, aggregation, trainer, log).run(watcher);
    } finally {
      trainer.dispose();
    }
  } catch (error) {
    return log.end('failed', error instanceof Error ? error.message : String(error));
  } finally {
    log.close();
  }
}

/** How a run aggregates; runs of old name the aggregator alone. */
function aggregationIn({ manifest }: Run, { zeroGroups }: Config): Aggregation {
  const { aggregator, aggregation } = manifest;
  return (
    (aggregation as Aggregation) ?? resolvedAggregation(aggregator as AggregatorName, zeroGroups)
  );
}

class Loop {
  readonly #session: Session;
  readonly #run: Run;
  readonly #aggregation: Aggregation;
  readonly #trainer: Trainer;
  readonly #log: RunLog;
  readonly #checkpoints: string;
  readonly #warned = new Set<string>();
  #savedStep = -1;
  /** The last one in this process. */
  #validation: Validation | undefined;

  constructor(session: Session, run: Run, aggregation: Aggregation, trainer: Trainer, log: RunLog) {
    this.#session = session;
    this.#run = run;
    this.#aggregation = aggregation;
    this.#trainer = trainer;
    this.#log = log;
    this.#checkpoints = path.join(run.folder, 'checkpoints');
  }

  async run({ shouldStop }: Watcher): Promise<EndEvent> {
    let state = await this.#begin();
    while (state.step < this.#session.config.steps) {
      if (shouldStop()) {
        if (state.step !== this.#savedStep) await this.#save(state, false);
        return this.#log.end('stopped');
      }
      const step = state.step + 1;
      const { facts, warnings } = await this.#step(step);
      const isRepeated = step <= this.#log.lastStep;
      this.#log.step(facts);
      if (!isRepeated) this.#warn(step, warnings);
      state = await this.#keep({ ...state, step });
    }
    // The last step was validated, unless a run that was killed after it goes on: answers are not generated twice.
    const { predictions } = this.#validation ?? (await this.#outputs(state.step));
    await writePredictions(this.#run.folder, predictions());
    return this.#log.end('finished');
  }

  /** The last checkpoint, or the model as it is before the first step. */
  async #begin(): Promise<TrainerState> {
    const saved = await this.#trainer.load(this.#checkpoints);
    this.#log.start(saved?.step ?? 0);
    if (!saved) {
      for (const warning of this.#session.subject.warnings) this.#log.warning(0, warning);
      return this.#keep({ step: 0, bestMetric: null });
    }
    this.#savedStep = saved.step;
    return saved;
  }

  /** Validates and saves where it is due: at their intervals, at both ends, and whenever the metric is the best so far. */
  async #keep({ step, bestMetric }: TrainerState): Promise<TrainerState> {
    const { steps, evaluateEvery, checkpointEvery } = this.#session.config;
    const isEnd = step === steps;
    const metric = isEnd || step % evaluateEvery === 0 ? await this.#validate(step) : null;
    const isBest = metric !== null && this.#isBetter(metric, bestMetric);
    const state = { step, bestMetric: isBest ? metric : bestMetric };
    if (isBest || isEnd || step % checkpointEvery === 0) await this.#save(state, isBest);
    return state;
  }

  async #step(step: number): Promise<TakenStep> {
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
      return await this.#trainer.validate();
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
      throw new TrainingError(shortageInValidation(step, error, this.#place));
    }
  }

  get #place() {
    const { config, device } = this.#session;
    const run = this.#run.manifest.id;
    return { run, config, device, aggregation: this.#aggregation, trainer: this.#trainer };
  }

  /** @returns the metric that ranks checkpoints. */
  async #validate(step: number): Promise<number> {
    this.#validation = await this.#outputs(step);
    const { metrics } = this.#validation;
    this.#log.validation({ step, metrics });
    return metrics[this.#run.manifest.metric.name] ?? Number.NaN;
  }

  #isBetter(metric: number, best: number | null): boolean {
    if (best === null) return !Number.isNaN(metric);
    return this.#run.manifest.metric.better === 'higher' ? metric > best : metric < best;
  }

  async #save(state: TrainerState, best: boolean): Promise<void> {
    const name = await this.#trainer.save(this.#checkpoints, state, best);
    this.#log.checkpoint(state.step, `checkpoints/${name}`, best);
    this.#savedStep = state.step;
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
