import * as tf from '@tensorflow/tfjs-core';
import type { Device } from '../../backends/device.ts';
import { aggregators } from '../../engine/aggregators/registry.ts';
import type { BlockGram, BlockOptions } from '../../engine/blocks.ts';
import type { EngineClient } from '../../engine/client.ts';
import type {
  AggregationResult,
  AggregationSettings,
  AggregatorChoice,
  ProblemOptions,
} from '../../engine/types.ts';
import type { GroupedSource } from '../../nn/module/gradientSource.ts';
import type { StackedGradient } from '../../nn/module/parameter.ts';
import type { AggregatedStep, AggregatorMemory } from './aggregatedStep.ts';
import { passByBlocks } from './blockPass.ts';
import type { ParameterBlock } from './blocks.ts';
import { stepOfBlocks, sumOfGrams } from './blocks.ts';
import { disposeOnError } from './disposal.ts';
import { StackCollector } from './stackedGradients.ts';
import { combineStack, gramOfStacks, measureStacks } from './stackProducts.ts';

/** What an aggregation strategy needs besides the gradients. */
export interface AggregationContext {
  readonly engine: EngineClient;
  readonly device: Device;
  readonly choice: AggregatorChoice;
  readonly blocks: readonly ParameterBlock[];
  /** Shapes of the variables. */
  readonly shapes: readonly (readonly number[])[];
  readonly problem: ProblemOptions;
  /** The same for aggregators that work block by block. */
  readonly blockProblem: BlockOptions;
}

type GroupedStrategy = (
  source: GroupedSource,
  context: AggregationContext,
) => Promise<AggregatedStep & { readonly memory: AggregatorMemory | undefined }>;

/** How to aggregate gradients while they are stacked; null if the aggregator needs each group's own tensors. */
export function groupedStrategy(
  { name }: AggregatorChoice,
  { metric, guard }: Pick<AggregationSettings, 'metric' | 'guard'>,
): GroupedStrategy | null {
  const { decidedBy, weighsBySizes } = aggregators[name];
  if (metric !== 'euclidean') return null;
  // A guard needs the gradients after the update.
  if (decidedBy === 'block-grams') return guard === null ? blockByBlock : byBlockGrams;
  if (weighsBySizes && guard === null) return bySizes;
  return decidedBy === 'gram' ? byGram : null;
}

type Weighed = Pick<AggregatedStep, 'weights' | 'blocks' | 'warnings'> & {
  readonly gram: Float64Array;
  /** Of one variable, length k. */
  readonly weightsOf: (variable: number) => Float64Array;
  readonly memory: AggregatorMemory | undefined;
};

/** Stores all gradients until the Gram matrix has decided the weights, and then until the update. */
function storingAll(
  weigh: (stacks: readonly StackedGradient[], context: AggregationContext) => Promise<Weighed>,
): GroupedStrategy {
  return async ({ run }, context) => {
    const { device, shapes } = context;
    const collector = new StackCollector(shapes);
    try {
      const losses = await run(collector);
      const stacks = collector.all;
      const { weightsOf, ...weighed } = await weigh(stacks, context);
      const combine = (coefficientsOf: (variable: number) => Float64Array) =>
        tf.tidy(() =>
          stacks.map((stack, v) => combineStack(device, stack, coefficientsOf(v), shapes[v]!)),
        );
      const hasDirection = stacks.some((_, v) => weightsOf(v).some((weight) => weight !== 0));
      const gradients = hasDirection ? combine(weightsOf) : null;
      return {
        ...weighed,
        losses: Float32Array.from(losses),
        metricRoot: null,
        gradients,
        measure: (vector) => measureStacks(device, vector, stacks),
        combine: (coefficients) => combine(() => coefficients),
        dispose: () => {
          collector.dispose();
          tf.dispose([...(gradients ?? [])]);
        },
      };
    } catch (error) {
      collector.dispose();
      throw error;
    }
  };
}

const byGram = storingAll(async (stacks, { engine, device, choice, problem }) => {
  const gram = await gramOfStacks(device, stacks);
  const { weights, warnings, memory } = await engine.aggregate({ gram, ...problem }, choice);
  return { gram, weights, weightsOf: () => weights, warnings, memory };
});

const byBlockGrams = storingAll(
  async (stacks, { engine, device, choice, blocks, blockProblem }) => {
    const measured: BlockGram[] = [];
    for (const { name, variables } of blocks) {
      const ofBlock = variables.map((variable) => stacks[variable]!);
      measured.push({ name, gram: await gramOfStacks(device, ofBlock) });
    }
    const weighed = await engine.aggregateBlocks(measured, blockProblem, choice);
    return stepOfBlocks(blocks, measured, weighed);
  },
);

/** Weights that do not depend on the gradients: those of a block are combined and disposed of as soon as they are complete. */
const bySizes: GroupedStrategy = async (
  source,
  { engine, device, choice, blocks, shapes, problem },
) => {
  const k = problem.sizes!.length;
  const weightsWithout = memoizeLast(async (nonFinite: readonly number[]) => {
    const gram = identityWithout(nonFinite, k);
    return (await engine.aggregate({ gram, ...problem }, choice)).weights;
  });
  const { losses, grams, gradients } = await passByBlocks(
    device,
    source,
    { blocks: blocks.map(({ variables }) => variables), shapes },
    (_block, _gram, nonFinite) => weightsWithout(nonFinite),
  );
  return disposeOnError(gradients, async () => {
    const gram = sumOfGrams(grams);
    const { weights, warnings, memory } = await engine.aggregate({ gram, ...problem }, choice);
    return {
      ...stepWithoutGradients(losses, gradients, [weights]),
      gram,
      weights,
      warnings,
      memory,
    };
  });
};

/** Each block is solved, combined and disposed of as soon as its gradients are complete. */
const blockByBlock: GroupedStrategy = async (
  source,
  { engine, device, choice, blocks, shapes, blockProblem },
) => {
  const solved: AggregationResult[] = [];
  const { losses, grams, gradients } = await passByBlocks(
    device,
    source,
    { blocks: blocks.map(({ variables }) => variables), shapes },
    async (b, gram, nonFinite) => {
      const block = { name: blocks[b]!.name, gram };
      solved[b] = await engine.aggregateBlock(block, nonFinite, blockProblem, choice);
      return solved[b].weights;
    },
  );
  return disposeOnError(gradients, async () => {
    const measured = blocks.map(({ name }, b) => ({ name, gram: grams[b]! }));
    const weighed = await engine.concludeBlocks(measured, solved, blockProblem, choice);
    const { weightsOf: _, ...step } = stepOfBlocks(blocks, measured, weighed);
    const weights = step.blocks.map((block) => block.weights);
    return { ...stepWithoutGradients(losses, gradients, weights), ...step };
  });
};

/** A step whose groups' gradients were disposed of during the backward pass. */
function stepWithoutGradients(
  losses: readonly number[],
  gradients: readonly tf.Tensor[],
  weights: readonly Float64Array[],
) {
  const hasDirection = weights.some((ofBlock) => ofBlock.some((weight) => weight !== 0));
  return {
    losses: Float32Array.from(losses),
    metricRoot: null,
    gradients: hasDirection ? gradients : null,
    measure: null,
    combine: null,
    dispose: () => tf.dispose([...gradients]),
  };
}

/** Stands in for the Gram matrix if only the weights of the finite groups are wanted: identity, NaN for groups that are not finite. */
function identityWithout(nonFinite: readonly number[], k: number): Float64Array {
  const gram = new Float64Array(k * k);
  for (let i = 0; i < k; i++) gram[i * k + i] = nonFinite.includes(i) ? Number.NaN : 1;
  return gram;
}

/** Caches the last call's result. */
function memoizeLast<A, B>(of: (argument: A) => Promise<B>): (argument: A) => Promise<B> {
  let last: { readonly argument: A; readonly value: Promise<B> } | undefined;
  return (argument) => {
    if (last?.argument !== argument) last = { argument, value: of(argument) };
    return last.value;
  };
}
