import { aggregators } from '../../engine/aggregators/registry.ts';
import type { ProblemOptions } from '../../engine/types.ts';
import type { LayerVariables } from '../../nn/module/model.ts';
import { type AggregatorMemory, isMemory, type StepGroups } from '../aggregation/aggregatedStep.ts';
import { type ParameterBlock, parameterBlocks, stepOfBlocks } from '../aggregation/blocks.ts';
import type { LearnerOptions, PendingStep } from '../learner.ts';

/** What the engine decided from the Gram matrices of a step. */
export type Weighed = Pick<PendingStep, 'weights' | 'blocks' | 'warnings'> & {
  /** k×k row-major, of all blocks together. */
  readonly gram: Float64Array;
  /** blocks × k. */
  readonly rows: Float64Array;
};

/** Asks the engine for the weights of gradients that are elsewhere, by their Gram matrices. */
export class Weighing {
  memory: AggregatorMemory | undefined;
  readonly #options: LearnerOptions;
  readonly #blocks: readonly ParameterBlock[] | null;

  /** @param sizes of the trained parameters */
  constructor(
    options: LearnerOptions,
    layers: readonly LayerVariables[],
    sizes: readonly number[],
  ) {
    this.#options = options;
    const isByBlocks = aggregators[options.aggregation.name].decidedBy === 'block-grams';
    this.#blocks = isByBlocks ? parameterBlocks(layers, sizes) : null;
  }

  /** The block of each trained parameter; null if all are in one. */
  get blocks(): Int32Array<ArrayBuffer> | null {
    if (!this.#blocks) return null;
    const count = this.#blocks.reduce((sum, { variables }) => sum + variables.length, 0);
    const blocks = new Int32Array(count);
    for (const [block, { variables }] of this.#blocks.entries()) {
      for (const variable of variables) blocks[variable] = block;
    }
    return blocks;
  }

  /** @param grams blocks × k × k */
  async weigh(grams: Float64Array, step: StepGroups): Promise<Weighed> {
    const { engine, aggregation } = this.#options;
    const { name, parameters, smoothing, zeroGroups } = aggregation;
    const choice = { name, parameters, smoothing };
    const options: Omit<ProblemOptions, 'memory'> = { ...step, zeroGroups };
    const { memory } = this;
    if (!this.#blocks) {
      const known = memory && isMemory(memory) ? { memory } : {};
      const problem = { gram: grams, ...options, ...known };
      const { weights, warnings, memory: next } = await engine.aggregate(problem, choice);
      this.memory = next;
      return { gram: grams, weights, rows: weights, warnings };
    }
    const size = step.sizes.length ** 2;
    const measured = this.#blocks.map(({ name }, b) => ({
      name,
      gram: grams.slice(b * size, (b + 1) * size),
    }));
    const known = memory && !isMemory(memory) ? { memory } : {};
    const weighed = await engine.aggregateBlocks(measured, { ...options, ...known }, choice);
    const {
      weightsOf: _,
      memory: next,
      ...decided
    } = stepOfBlocks(this.#blocks, measured, weighed);
    this.memory = next;
    return {
      ...decided,
      rows: Float64Array.from(decided.blocks.flatMap(({ weights }) => [...weights])),
    };
  }
}
