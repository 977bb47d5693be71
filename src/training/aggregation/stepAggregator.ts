import * as tf from '@tensorflow/tfjs-core';
import type { Device } from '../../backends/device.ts';
import { aggregators } from '../../engine/aggregators/registry.ts';
import type { BlockGram, BlockOptions } from '../../engine/blocks.ts';
import type { EngineClient } from '../../engine/client.ts';
import { screen } from '../../engine/screen.ts';
import type {
  AggregationSettings,
  AggregatorChoice,
  MeasuredVector,
  ProblemOptions,
} from '../../engine/types.ts';
import { warningsOfGroups } from '../../engine/unusableGroups.ts';
import type {
  GradientSource,
  GroupedSource,
  GroupGradient,
  SeparateSource,
} from '../../nn/module/gradientSource.ts';
import {
  type AggregatedStep,
  type AggregatorMemory,
  isMemory,
  type StepGroups,
} from './aggregatedStep.ts';
import type { ParameterBlock } from './blocks.ts';
import { stepOfBlocks } from './blocks.ts';
import { dropSigns, weightedSum } from './direction.ts';
import { disposeOnError, readAndDispose } from './disposal.ts';
import { groupedStrategy } from './groupedStrategies.ts';
import { HostGradients } from './hostGradients.ts';
import { inPreconditionedMetric, type Preconditioner } from './preconditionedMetric.ts';
import { gramOfParts, measure, type ParameterVector } from './products.ts';
import { StackCollector } from './stackedGradients.ts';
import { stream } from './streaming.ts';

/** Fewer numbers in the gradients are multiplied here before the engine's thread would have woken and answered. */
const MEASURED_BY_ENGINE_FROM = 2 ** 19;

/** An aggregator's result from gradients that are all in memory. */
type Decision = Pick<
  AggregatedStep,
  'gram' | 'metricRoot' | 'weights' | 'blocks' | 'direct' | 'gradients' | 'warnings'
>;

interface Options {
  readonly aggregation: AggregationSettings;
  /** For aggregators that work block by block. */
  readonly blocks?: readonly ParameterBlock[];
  /** Shapes of the variables; for stacked gradients. */
  readonly shapes?: readonly (readonly number[])[];
  /** For the metric `preconditioned`. */
  readonly preconditioner?: Preconditioner;
}

/** Turns the k groups' gradients of each step into the one gradient that the optimizer gets. */
export class StepAggregator {
  readonly #engine: EngineClient;
  readonly #device: Device;
  readonly #options: Options;
  readonly #choice: AggregatorChoice;
  readonly #host: HostGradients;
  /** Part of a checkpoint: the same memory and gradients give the same step. */
  memory: AggregatorMemory | undefined;

  constructor(engine: EngineClient, device: Device, options: Options) {
    this.#engine = engine;
    this.#device = device;
    this.#options = options;
    this.#host = new HostGradients(engine);
    const { name, parameters, smoothing } = options.aggregation;
    this.#choice = { name, parameters, smoothing };
  }

  /** With a separate source, `grain-streaming` has one group's gradient in memory at a time. */
  aggregate(source: GradientSource, step: StepGroups): Promise<AggregatedStep> {
    return source.kind === 'separate'
      ? this.#aggregateSeparate(source.groups, step)
      : this.#aggregateGrouped(source, step);
  }

  async #aggregateGrouped(source: GroupedSource, step: StepGroups): Promise<AggregatedStep> {
    const aggregate = groupedStrategy(this.#choice, this.#options.aggregation);
    if (!aggregate) return this.#aggregateUnstacked(source, step);
    const { memory, ...aggregated } = await aggregate(source, {
      engine: this.#engine,
      device: this.#device,
      choice: this.#choice,
      blocks: this.#options.blocks!,
      shapes: this.#options.shapes!,
      problem: this.#problemOptions(step),
      blockProblem: this.#blockOptions(step),
    });
    this.memory = memory;
    return aggregated;
  }

  /** For aggregators that need each group's own tensors. */
  async #aggregateUnstacked({ run }: GroupedSource, step: StepGroups): Promise<AggregatedStep> {
    const collector = new StackCollector(this.#options.shapes!);
    try {
      const losses = await run(collector);
      return await this.#aggregateSeparate(this.#unstack(collector, losses), step);
    } finally {
      collector.dispose();
    }
  }

  /** Stacked gradients, group by group. */
  *#unstack(collector: StackCollector, losses: readonly number[]): Generator<GroupGradient> {
    for (const [i, loss] of losses.entries()) yield collector.group(i, loss);
  }

  async #aggregateSeparate(
    groups: SeparateSource['groups'],
    step: StepGroups,
  ): Promise<AggregatedStep> {
    if (this.#decidedBy === 'arrival') return this.#stream(groups);
    const all: GroupGradient[] = [];
    const dispose = () => {
      for (const { loss, gradients } of all) tf.dispose([loss, ...gradients]);
    };
    try {
      for await (const group of groups) all.push(group);
      const losses = await readLosses(all);
      const decision = await this.#decide(all, step);
      return {
        ...decision,
        losses,
        measure: this.#measureWith(all),
        combine: (coefficients) => weightedSum(all, () => coefficients)!,
        dispose: () => {
          dispose();
          tf.dispose([...(decision.gradients ?? []), ...(decision.metricRoot ?? [])]);
        },
      };
    } catch (error) {
      dispose();
      throw error;
    }
  }

  #measureWith(
    groups: readonly GroupGradient[],
  ): (vector: ParameterVector) => Promise<MeasuredVector> {
    const parts = groups.map(({ gradients }) => gradients);
    const size = parts[0]!.reduce((total, part) => total + part.size, 0);
    if (this.#isShared && groups.length * size >= MEASURED_BY_ENGINE_FROM) {
      return (vector) => this.#host.measure(vector);
    }
    return (vector) => measure(this.#device, vector, parts);
  }

  /** Whether the gradients (not scaled by a metric) and their combination are in shared memory. */
  get #isShared(): boolean {
    const { metric } = this.#options.aggregation;
    return this.#device.hostMemory && this.#decidedBy === 'gram' && metric === 'euclidean';
  }

  get #decidedBy() {
    return aggregators[this.#choice.name].decidedBy;
  }

  async #stream(groups: SeparateSource['groups']): Promise<AggregatedStep> {
    const { arrivals, gradients, ...streamed } = await stream(
      this.#device,
      groups,
      this.#options.aggregation.zeroGroups,
    );
    return {
      ...streamed,
      gradients,
      gram: null,
      metricRoot: null,
      streaming: arrivals,
      measure: null,
      combine: null,
      dispose: () => tf.dispose([...(gradients ?? [])]),
    };
  }

  async #decide(groups: readonly GroupGradient[], step: StepGroups): Promise<Decision> {
    if (this.#decidedBy === 'coordinates') return this.#byCoordinates(groups, step);
    const { aggregation, preconditioner } = this.#options;
    const parts = groups.map(({ gradients }) => gradients);
    if (aggregation.metric === 'euclidean') {
      return { ...(await this.#byProducts(groups, parts, step)), metricRoot: null };
    }
    const { rows, root } = await inPreconditionedMetric(preconditioner!, parts, step.sizes);
    try {
      const decision = await disposeOnError(root, () => this.#byProducts(groups, rows, step));
      return { ...decision, metricRoot: root };
    } finally {
      tf.dispose(rows.flat());
    }
  }

  /** @param rows the gradients in the metric of the aggregation */
  #byProducts(
    groups: readonly GroupGradient[],
    rows: readonly ParameterVector[],
    step: StepGroups,
  ): Promise<Omit<Decision, 'metricRoot'>> {
    return this.#decidedBy === 'block-grams'
      ? this.#byBlocks(groups, rows, step)
      : this.#byGram(groups, rows, step);
  }

  async #byGram(
    groups: readonly GroupGradient[],
    rows: readonly ParameterVector[],
    step: StepGroups,
  ): Promise<Omit<Decision, 'metricRoot'>> {
    const options = this.#problemOptions(step);
    const { gram, weights, warnings, memory } = this.#device.hostMemory
      ? await this.#host.aggregate(rows, this.#choice, options)
      : await this.#onDevice(rows, options);
    this.memory = memory;
    const gradients = this.#isShared
      ? this.#host.combination(groups[0]!.gradients, weights)
      : weightedSum(groups, () => weights);
    return { gram, weights, warnings, gradients };
  }

  /** The gradients stay on the GPU. */
  async #onDevice(rows: readonly ParameterVector[], options: ProblemOptions) {
    const gram = await gramOfParts(this.#device, rows);
    return { ...(await this.#engine.aggregate({ gram, ...options }, this.#choice)), gram };
  }

  async #byBlocks(
    groups: readonly GroupGradient[],
    rows: readonly ParameterVector[],
    step: StepGroups,
  ): Promise<Omit<Decision, 'metricRoot'>> {
    const blocks = this.#options.blocks!;
    const measured: BlockGram[] = [];
    for (const { name, variables } of blocks) {
      const inBlock = rows.map((row) => variables.map((variable) => row[variable]!));
      measured.push({ name, gram: await gramOfParts(this.#device, inBlock) });
    }
    const weighed = await this.#engine.aggregateBlocks(
      measured,
      this.#blockOptions(step),
      this.#choice,
    );
    const { weightsOf, memory, ...decision } = stepOfBlocks(blocks, measured, weighed);
    this.memory = memory;
    return { ...decision, gradients: weightedSum(groups, weightsOf) };
  }

  async #byCoordinates(
    groups: readonly GroupGradient[],
    { seed = 0 }: StepGroups,
  ): Promise<Decision> {
    const parts = groups.map(({ gradients }) => gradients);
    const gram = await gramOfParts(this.#device, parts);
    const screening = screen({ gram });
    const finite = parts.filter((_, i) => !screening.nonFinite.includes(i));
    const warnings = [...warningsOfGroups(screening, 'keep')];
    if (finite.length === 0) {
      const direct = { norm2: 0, inner: parts.map(() => 0) };
      return { gram, metricRoot: null, weights: null, direct, gradients: null, warnings };
    }
    const gradients = dropSigns(this.#device, finite, this.#choice.parameters!.leak!, seed);
    return disposeOnError(gradients, async () => {
      const direct = await measure(this.#device, gradients, parts);
      return { gram, metricRoot: null, weights: null, direct, gradients, warnings };
    });
  }

  #problemOptions(step: StepGroups): ProblemOptions {
    const { memory } = this;
    return { ...this.#optionsOf(step), ...(memory && isMemory(memory) && { memory }) };
  }

  #blockOptions(step: StepGroups): BlockOptions {
    const { memory } = this;
    return { ...this.#optionsOf(step), ...(memory && !isMemory(memory) && { memory }) };
  }

  #optionsOf({ sizes, groups, seed }: StepGroups): Omit<ProblemOptions, 'memory'> {
    return {
      sizes,
      zeroGroups: this.#options.aggregation.zeroGroups,
      ...(groups && { groups }),
      ...(seed !== undefined && { seed }),
    };
  }
}

async function readLosses(groups: readonly GroupGradient[]): Promise<Float32Array> {
  return readAndDispose(tf.stack(groups.map((group) => group.loss)));
}
