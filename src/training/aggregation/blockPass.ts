import * as tf from '@tensorflow/tfjs-core';
import type { Device } from '../../backends/device.ts';
import { screen } from '../../engine/screen.ts';
import type { GroupedSource, VariableSink } from '../../nn/module/gradientSource.ts';
import type { StackedGradient } from '../../nn/module/parameter.ts';
import { StackCollector } from './stackedGradients.ts';
import { combineStack, gramOfStacks } from './stackProducts.ts';

/** The parameters in blocks, each aggregated as soon as its gradients are complete. */
export interface Partition {
  /** Indices of the variables; each is in exactly one block. */
  readonly blocks: readonly (readonly number[])[];
  /** Shapes of the variables. */
  readonly shapes: readonly (readonly number[])[];
}

/**
 * The weights of a block, length k.
 *
 * @param gram of the block
 * @param nonFinite groups that must get weight 0, because their gradient is not finite in some block
 */
export type Weigh = (
  block: number,
  gram: Float64Array,
  nonFinite: readonly number[],
) => Promise<Float64Array>;

export interface BlockPass {
  /** Mean loss per group. */
  readonly losses: readonly number[];
  /** Gram matrix of each block, k×k row-major. */
  readonly grams: readonly Float64Array[];
  /** d, one tensor per variable. */
  readonly gradients: readonly tf.Tensor[];
}

/**
 * A grouped pass whose gradients are aggregated during the backward pass: only those of one block are in memory at a time.
 *
 * A group whose gradient is not finite is left out of every block. If it is found after other blocks were aggregated, the pass is
 * repeated without the group.
 */
export async function passByBlocks(
  device: Device,
  { run, tied = [] }: GroupedSource,
  partition: Partition,
  weigh: Weigh,
): Promise<BlockPass> {
  let nonFinite: readonly number[] = [];
  for (;;) {
    const sink = new BlockSink(device, partition, tied, weigh, nonFinite);
    try {
      const losses = await run(sink);
      await sink.finish();
      if (!sink.mustRepeat) return { losses, grams: sink.grams, gradients: sink.gradients };
    } catch (error) {
      sink.dispose();
      throw error;
    }
    sink.dispose();
    nonFinite = sink.nonFinite;
  }
}

class BlockSink implements VariableSink {
  readonly grams: Float64Array[] = [];
  readonly gradients: tf.Tensor[] = [];
  nonFinite: readonly number[];
  /** True if a group turned out not to be finite after blocks were aggregated with it. */
  mustRepeat = false;
  readonly #device: Device;
  readonly #partition: Partition;
  readonly #tied: readonly number[];
  readonly #weigh: Weigh;
  readonly #collector: StackCollector;
  /** Blocks not aggregated yet. */
  readonly #open: Set<number>;

  constructor(
    device: Device,
    partition: Partition,
    tied: readonly number[],
    weigh: Weigh,
    nonFinite: readonly number[],
  ) {
    this.#device = device;
    this.#partition = partition;
    this.#tied = tied;
    this.#weigh = weigh;
    this.nonFinite = nonFinite;
    this.#collector = new StackCollector(partition.shapes);
    this.#open = new Set(partition.blocks.keys());
  }

  add(variable: number, gradient: StackedGradient): void {
    this.#collector.add(variable, gradient);
  }

  async flush(): Promise<void> {
    for (const block of this.#open) {
      if (this.#isComplete(block)) await this.#aggregate(block);
    }
  }

  /** At the end of the pass all remaining blocks are complete. */
  async finish(): Promise<void> {
    for (const block of this.#open) await this.#aggregate(block);
  }

  dispose(): void {
    this.#collector.dispose();
    tf.dispose(this.gradients);
  }

  #isComplete(block: number): boolean {
    return this.#partition.blocks[block]!.every(
      (variable) => this.#collector.has(variable) && !this.#tied.includes(variable),
    );
  }

  async #aggregate(block: number): Promise<void> {
    const { blocks, shapes } = this.#partition;
    const variables = blocks[block]!;
    const stacks = variables.map((variable) => this.#collector.get(variable));
    const gram = await gramOfStacks(this.#device, stacks);
    this.grams[block] = gram;
    this.#exclude(screen({ gram }).nonFinite);
    if (!this.mustRepeat) {
      const weights = await this.#weigh(block, gram, this.nonFinite);
      for (const [i, variable] of variables.entries()) {
        const shape = shapes[variable]!;
        this.gradients[variable] = combineStack(this.#device, stacks[i]!, weights, shape);
      }
    }
    this.#collector.dispose(variables);
    this.#open.delete(block);
  }

  #exclude(groups: readonly number[]): void {
    const fresh = groups.filter((group) => !this.nonFinite.includes(group));
    if (fresh.length === 0) return;
    this.nonFinite = [...this.nonFinite, ...fresh];
    this.mustRepeat ||= this.#open.size < this.#partition.blocks.length;
  }
}
