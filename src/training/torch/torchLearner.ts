import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import type { TorchDevice } from '../../backends/device.ts';
import type { ReplyOf, RequestOf } from '../../backends/torch/messages.ts';
import { TorchModelError, type TorchProcess } from '../../backends/torch/torchProcess.ts';
import type { LossShape } from '../../config/techniques/description.ts';
import { averagingOf, headStepsOf } from '../../config/techniques/registry.ts';
import type { Group } from '../../data/grouping.ts';
import { aggregators } from '../../engine/aggregators/registry.ts';
import { keyedRandom } from '../../engine/keyedRandom.ts';
import type { LayerVariables } from '../../nn/module/model.ts';
import { ModelError } from '../../nn/module/model.ts';
import type { OnProgress } from '../../nn/module/progress.ts';
import { initialValues } from '../../nn/parameters/initializers.ts';
import type { AggregatorMemory, StepGroups } from '../aggregation/aggregatedStep.ts';
import type { Learner, LearnerOptions, PendingStep } from '../learner.ts';
import type { Validation } from '../objective/objective.ts';
import type { StepMeter } from '../stepMeter.ts';
import { withCopies } from '../text/copies.ts';
import { byArrival, byCoordinates } from './torchDirections.ts';
import { row } from './torchNetwork.ts';
import { type Decision, TorchStep } from './torchStep.ts';
import { Weighing } from './weighing.ts';

/** What is trained, and on which examples: texts or images. */
export interface TorchInputs {
  request(options: LearnerOptions): RequestOf<'build'>;
  /** @param seed decides dropout */
  gradients(
    process: TorchProcess,
    groups: readonly Group[],
    seed: number,
  ): Promise<ReplyOf<'gradients'>>;
  validation(process: TorchProcess): Pick<Learner, 'validate'>;
  /** Paths of files of the checkpoint that a run's checkpoints need too. */
  readonly companions: readonly string[];
}

/** A model in the child process, whose groups' gradients stay there: their inner products come here, weights go back. */
export class TorchLearner implements Learner {
  readonly warnings: readonly string[];
  readonly #process: TorchProcess;
  readonly #inputs: TorchInputs;
  readonly #options: LearnerOptions;
  readonly #loss: LossShape | null;
  readonly #trained: ReplyOf<'build'>['trained'];
  /** Steps at the beginning whose stage trains the head only. */
  readonly #headSteps: number;
  #inHead: boolean;
  #weighing: Weighing;
  readonly #averageShare: ((step: number) => number) | null;
  readonly #validation: Pick<Learner, 'validate'>;
  /** Numbers that a checkpoint has for what is trained. */
  readonly #size: number;

  private constructor(
    process: TorchProcess,
    inputs: TorchInputs,
    options: LearnerOptions,
    { loss }: RequestOf<'build'>,
    built: ReplyOf<'build'>,
  ) {
    const { config } = options;
    const { trained } = built;
    this.#process = process;
    this.warnings = warningsOf(built);
    this.#inputs = inputs;
    this.#loss = loss;
    const { techniques = {} } = options.aggregation;
    this.#averageShare = averagingOf(techniques, config.steps);
    this.#options = options;
    this.#trained = trained;
    this.#headSteps = headStepsOf(techniques, config.steps);
    this.#inHead = this.#headSteps > 0;
    this.#weighing = this.#newWeighing();
    this.#validation = inputs.validation(process);
    const slots = config.optimizer.name === 'adamw' ? 2 : config.optimizer.momentum > 0 ? 1 : 0;
    // With falling ranks also what is left out of the adapter, and how important it is.
    const ofRanks = config.model.adapter?.adalora ? 3 : 0;
    const copies = 1 + slots + (this.#averageShare ? 1 : 0) + ofRanks;
    this.#size = 4 * copies * trained.reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * @throws ModelError if checkpoint and settings do not fit together
   * @throws OutOfMemoryError if the model does not fit into the device's memory
   */
  static async create(
    device: TorchDevice,
    inputs: TorchInputs,
    options: LearnerOptions,
  ): Promise<TorchLearner> {
    const process = await device.process();
    const request = inputs.request(options);
    const built = await process.call('build', request).catch((error: unknown) => {
      throw error instanceof TorchModelError ? new ModelError(error.message) : error;
    });
    const values = built.fresh.map(({ name, shape, kind, deviation }) =>
      initialValues(kind === 'normal' ? { normal: deviation } : kind, shape, name, request.seed),
    );
    await process.call('initialize', { values: row(concatenated(values)) });
    const learner = new TorchLearner(process, inputs, options, request, built);
    await learner.#sendBlocks();
    return learner;
  }

  #newWeighing(): Weighing {
    const trained = this.#trained.filter(({ head }) => head || !this.#inHead);
    const sizes = trained.map(({ size }) => size);
    return new Weighing(this.#options, layersOf(trained), sizes);
  }

  async #sendBlocks(): Promise<void> {
    const { blocks } = this.#weighing;
    if (blocks) await this.#process.call('blocks', { blocks: row(blocks) });
  }

  /** A stage begins with a new optimizer and aggregator. @param step 1-based; 0: before the first */
  async #enterStageOf(step: number): Promise<void> {
    const inHead = Math.max(step, 1) <= this.#headSteps;
    if (inHead === this.#inHead) return;
    this.#inHead = inHead;
    await this.#process.call('stage', { headOnly: inHead });
    this.#weighing = this.#newWeighing();
    await this.#sendBlocks();
  }

  get memory(): AggregatorMemory | undefined {
    return this.#weighing.memory;
  }

  set memory(memory: AggregatorMemory | undefined) {
    this.#weighing.memory = memory;
  }

  async aggregate(
    groups: readonly Group[],
    step: number,
    options: StepGroups,
    meter: StepMeter,
  ): Promise<PendingStep> {
    await this.#enterStageOf(step);
    const random = keyedRandom('dropout', this.#options.seed.order, step);
    const seed = uniformInt(random, 0, 0x7fffffff);
    const share = this.#averageShare?.(step) ?? 0;
    try {
      const decision = await this.#decide(withCopies(groups, this.#loss), seed, options, meter);
      return new TorchStep(this.#process, this.#options, decision, meter, share);
    } catch (error) {
      // A child that has died cannot, and need not.
      await this.#process.call('discard', {}).catch(() => {});
      throw error;
    }
  }

  async #decide(
    groups: readonly Group[],
    seed: number,
    options: StepGroups,
    meter: StepMeter,
  ): Promise<Decision> {
    const process = this.#process;
    const { aggregation } = this.#options;
    const { decidedBy } = aggregators[aggregation.name];
    const gradients = async (of: readonly Group[], seed: number) => {
      const reply = await meter.gradients(() => this.#inputs.gradients(process, of, seed));
      meter.observe(reply.memory);
      return reply;
    };
    if (decidedBy === 'arrival') {
      const arriving = groups.map((group, i) => () => gradients([group], seed + i));
      return byArrival(process, arriving, aggregation.zeroGroups);
    }
    const { losses, grams } = await gradients(groups, seed);
    const decision =
      decidedBy === 'coordinates'
        ? await byCoordinates(process, grams.values, aggregation.parameters!, options.seed ?? 0)
        : await this.#weighing.weigh(grams.values, options);
    return { losses: losses.values, ...decision };
  }

  validate(onProgress: OnProgress): Promise<Validation> {
    return this.#validation.validate(onProgress);
  }

  async write(folder: string): Promise<void> {
    await this.#process.call('save', { folder });
    for (const file of this.#inputs.companions) {
      await copyFile(file, path.join(folder, path.basename(file)));
    }
  }

  async read(folder: string, step: number): Promise<void> {
    await this.#enterStageOf(step);
    await this.#process.call('load', { folder });
  }

  async size(): Promise<number> {
    return this.#size;
  }

  /** The child keeps the model until it builds another, or ends. */
  dispose(): void {}
}

function warningsOf({ separately, batchNorms }: ReplyOf<'build'>): string[] {
  return [
    ...(separately === null ? [] : [`Gradients take a pass for each group: ${separately}`]),
    ...(batchNorms === 0
      ? []
      : [
          `The network has ${batchNorms} layers of BatchNorm. They normalize by the checkpoint's running means and variances, which stay as they are, in training as in validation: by the batch's, no example would have a gradient of its own. Their scales and shifts are trained`,
        ]),
  ];
}

/** The parameters by the part of the network that they belong to, in their order. */
function layersOf(trained: ReplyOf<'build'>['trained']): LayerVariables[] {
  const layers = new Map<string, number[]>();
  for (const [index, { layer }] of trained.entries()) {
    const variables = layers.get(layer);
    if (variables) variables.push(index);
    else layers.set(layer, [index]);
  }
  return Array.from(layers, ([name, variables]) => ({ name, variables }));
}

function concatenated(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
