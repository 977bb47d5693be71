import type { Device } from '../backends/device.ts';
import { runChecked } from '../backends/interface/deviceErrors.ts';
import { readsTexts } from '../config/data.ts';
import type { Ascent } from '../config/techniques/description.ts';
import { ascentOf, averagingOf, headStepsOf, mixingOf } from '../config/techniques/registry.ts';
import type { Group } from '../data/grouping.ts';
import type { OnProgress } from '../nn/module/progress.ts';
import type { AggregatedStep, AggregatorMemory, StepGroups } from './aggregation/aggregatedStep.ts';
import type { CreateLearner, Learner, LearnerOptions, PendingStep } from './learner.ts';
import type { Objective, Validation } from './objective/objective.ts';
import { AdamW } from './optimizers/adamw.ts';
import { buildOptimizer } from './optimizers/fromConfig.ts';
import type { Optimizer, Preconditioned } from './optimizers/optimizer.ts';
import { readOptimizer, writeOptimizer } from './optimizers/state.ts';
import type { StepMeter } from './stepMeter.ts';
import { TensorStage } from './tensorStage.ts';
import { uphill } from './update/ascent.ts';
import { Mixout } from './update/mixout.ts';
import { ParameterAverage } from './update/parameterAverage.ts';
import { tiltedUphill } from './update/tiltedAscent.ts';
import { updateParameters } from './update/updateParameters.ts';

/** Creates learners whose tensors are in this process. @param objective of one run, before its first step */
export function tensorLearners(
  device: Device,
  objective: (options: LearnerOptions) => Promise<Objective>,
): CreateLearner {
  return async (options) =>
    new TensorLearner(device, await runChecked(device, () => objective(options)), options);
}

/** An objective and an optimizer in this process, on TensorFlow.js. */
export class TensorLearner implements Learner {
  readonly objective: Objective;
  readonly #device: Device;
  readonly #options: LearnerOptions;
  readonly #optimizer: Optimizer;
  /** The optimizer, if it has a diagonal preconditioner. */
  readonly #preconditioned: Preconditioned | null;
  /** Null: gradients are taken at the parameters. */
  readonly #ascent: Ascent | null;
  /** Null: gradients are those of the parameters themselves. */
  readonly #mixout: Mixout | null;
  /** Steps at the beginning whose stage trains the head only. */
  readonly #headSteps: number;
  #inHead: boolean;
  #stage: TensorStage;
  /** Null: what is trained is what is validated and saved. */
  readonly #average: ParameterAverage | null;

  constructor(device: Device, objective: Objective, options: LearnerOptions) {
    const { config, aggregation } = options;
    this.#device = device;
    this.objective = objective;
    this.#options = options;
    const { trainable } = objective.model;
    const { techniques = {} } = aggregation;
    // tfjs caches packed copies of a convolution's filter by tensor id, so filters must not be changed in place.
    const inPlace = readsTexts(config.data) ? device.adamw : undefined;
    const optimizer = buildOptimizer(config.optimizer, inPlace);
    this.#optimizer = optimizer;
    const preconditioned = optimizer instanceof AdamW ? optimizer : null;
    this.#preconditioned = preconditioned;
    const share = averagingOf(techniques, config.steps);
    this.#average = share && new ParameterAverage(trainable, share);
    this.#ascent = ascentOf(techniques);
    const probability = mixingOf(techniques);
    this.#mixout =
      probability === null
        ? null
        : new Mixout(objective.model, { probability, seed: options.seed.order });
    this.#headSteps = headStepsOf(techniques, config.steps);
    this.#inHead = this.#headSteps > 0;
    this.#stage = this.#newStage();
  }

  #newStage(): TensorStage {
    return new TensorStage(
      this.#device,
      this.#options,
      this.objective.model,
      this.#preconditioned,
      this.#inHead,
    );
  }

  /** A stage begins with a new optimizer and aggregator. @param step 1-based; 0: before the first */
  #enterStageOf(step: number): void {
    const inHead = Math.max(step, 1) <= this.#headSteps;
    if (inHead === this.#inHead) return;
    this.#inHead = inHead;
    this.#stage = this.#newStage();
    this.#optimizer.restore({ steps: 0, slots: [] });
  }

  get memory(): AggregatorMemory | undefined {
    return this.#stage.aggregator.memory;
  }

  set memory(memory: AggregatorMemory | undefined) {
    this.#stage.aggregator.memory = memory;
  }

  /** If it fails, all tensors of the step are disposed of. */
  async aggregate(
    groups: readonly Group[],
    step: number,
    options: StepGroups,
    meter: StepMeter,
  ): Promise<PendingStep> {
    const { config, aggregation } = this.#options;
    this.#enterStageOf(step);
    const { variables } = this.#stage;
    try {
      return await runChecked(this.#device, async () => {
        const aggregated = await this.#aggregateUphill(groups, step, options, meter);
        return {
          ...aggregated,
          update: (learningRate) =>
            runChecked(this.#device, async () => {
              const facts = await updateParameters(aggregated, {
                device: this.#device,
                optimizer: this.#optimizer,
                variables,
                learningRate,
                maxGradNorm: config.optimizer.maxGradNorm,
                guard: aggregation.guard,
              });
              this.#average?.add(step);
              return facts;
            }),
          dispose: () => {
            aggregated.dispose();
            this.#preconditioned?.discardPrepared();
          },
        };
      });
    } catch (error) {
      this.#preconditioned?.discardPrepared();
      throw error;
    }
  }

  /** At the parameters, or a little uphill of them by the batch's gradient. */
  async #aggregateUphill(
    groups: readonly Group[],
    step: number,
    options: StepGroups,
    meter: StepMeter,
  ): Promise<AggregatedStep> {
    const stage = this.#stage;
    const ascent = this.#ascent;
    const source = () => {
      const all = this.objective.gradients(groups, step);
      return meter.watch(stage.gradients(this.#mixout?.mixed(all, step) ?? all));
    };
    const aggregate = (from = source()) => stage.aggregator.aggregate(from, options);
    const meanOfBatch = () => stage.mean.aggregate(source(), options);
    if (!ascent) return aggregate();
    const { neighborhood } = ascent;
    const { variables } = stage;
    const device = this.#device;
    if (neighborhood) {
      const seed = this.#options.seed.order;
      const { sizes } = options;
      const passes = { device, variables, sizes, source, mean: meanOfBatch, seed, step };
      const tilted = await tiltedUphill(passes, { ...ascent, neighborhood });
      try {
        return await aggregate(tilted.source);
      } finally {
        tilted.dispose();
      }
    }
    const mean = await meanOfBatch();
    try {
      if (!mean.gradients) return await aggregate();
      const there = await uphill(device, variables, mean.gradients, ascent, () => aggregate());
      // The losses that are logged are those at the parameters.
      return { ...there, losses: mean.losses };
    } finally {
      mean.dispose();
    }
  }

  validate(onProgress: OnProgress): Promise<Validation> {
    return this.#averaged(() => this.objective.validate(onProgress));
  }

  async write(folder: string): Promise<void> {
    const { steps, slots } = await this.#optimizer.state();
    const trained = (await this.#average?.trained()) ?? [];
    await this.#averaged(() => this.objective.model.save(folder));
    await writeOptimizer(folder, { steps, slots: [...slots, ...trained] });
  }

  read(folder: string, step: number): Promise<void> {
    return runChecked(this.#device, async () => {
      this.#enterStageOf(step);
      await this.objective.model.load(folder);
      const state = await readOptimizer(folder);
      this.#optimizer.restore(state);
      this.#average?.restore(state.slots);
    });
  }

  async size(): Promise<number> {
    const { slots } = await this.#optimizer.state();
    const trained = this.objective.model.trainable.reduce((sum, { size }) => sum + size, 0);
    const all = slots.reduce((sum, { values }) => sum + values.length, trained);
    return 4 * (all + (this.#average ? trained : 0));
  }

  /** Work while the network has the average of its parameters, if there is one. */
  #averaged<T>(work: () => Promise<T>): Promise<T> {
    const average = this.#average;
    return runChecked(this.#device, () => (average ? average.use(work) : work()));
  }

  check(): void {
    this.#device.check?.();
  }

  dispose(): void {
    this.objective.dispose();
    this.#optimizer.dispose();
    this.#average?.dispose();
    this.#mixout?.dispose();
  }
}
