import * as tf from '@tensorflow/tfjs-core';
import type { Device } from '../../backends/device.ts';
import { aggregators } from '../../engine/aggregators/registry.ts';
import type { BlockOptions } from '../../engine/blocks.ts';
import type { EngineClient } from '../../engine/client.ts';
import type {
  AggregationResult,
  AggregationSettings,
  AggregatorChoice,
  ProblemOptions,
} from '../../engine/types.ts';
import type { GroupedSource } from '../../nn/module/gradientSource.ts';
import type { AggregatedStep, AggregatorMemory } from './aggregatedStep.ts';
import { passByBlocks } from './blockPass.ts';
import type { ParameterBlock } from './blocks.ts';
import { meanBlockWeights, sumOfGrams } from './blocks.ts';
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
  if (decidedBy === 'block-grams') return blockByBlock;
  // A guard needs the gradients after the update.
  if (weighsBySizes && guard === null) return bySizes;
  return decidedBy === 'gram' ? byGram : null;
}

/** Stores all gradients until the Gram matrix has decided the weights. */
const byGram: GroupedStrategy = async ({ run }, { engine, device, choice, shapes, problem }) => {
  const collector = new StackCollector(shapes);
  try {
    const losses = await run(collector);
    const stacks = collector.all;
    const gram = await gramOfStacks(device, stacks);
    const { weights, warnings, memory } = await engine.aggregate({ gram, ...problem }, choice);
    const combine = (coefficients: Float64Array) =>
      tf.tidy(() =>
        stacks.map((stack, v) => combineStack(device, stack, coefficients, shapes[v]!)),
      );
    const gradients = weights.some((weight) => weight !== 0) ? combine(weights) : null;
    return {
      losses: Float32Array.from(losses),
      gram,
      weights,
      gradients,
      measure: (vector) => measureStacks(device, vector, stacks),
      combine,
      warnings,
      memory,
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
    const answer = await engine.concludeBlocks(measured, solved, blockProblem, choice);
    const weighed = answer.blocks.map((block, b) => ({ ...block, gram: grams[b]! }));
    const weights = weighed.map((block) => block.weights);
    return {
      ...stepWithoutGradients(losses, gradients, weights),
      gram: sumOfGrams(grams),
      weights: meanBlockWeights(weighed),
      blocks: weighed,
      warnings: answer.warnings,
      memory: answer.memory,
    };
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
