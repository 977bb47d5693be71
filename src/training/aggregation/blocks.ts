import type { BlockAggregation, BlockGram } from '../../engine/blocks.ts';
import type { LayerVariables } from '../../nn/module/model.ts';
import type { BlockOfStep } from './aggregatedStep.ts';

/** A part of the parameters that is aggregated with its own weights. */
export interface ParameterBlock {
  /** Names of its layers, joined by "+". */
  readonly name: string;
  /** Indices into `model.trainable`. */
  readonly variables: readonly number[];
}

/**
 * Smaller blocks do not get their own weights: in few dimensions the hull of k gradients is likely to contain 0, and the block
 * would not move. Sixteen times as many dimensions as 64 groups.
 */
const MIN_PARAMETERS = 1024;

/**
 * One block per layer, kernel and bias together. Smaller layers are bundled with their successors until a block has
 * `MIN_PARAMETERS`; a remainder at the end joins the last block.
 *
 * @param sizes parameters of each variable
 */
export function parameterBlocks(
  layers: readonly LayerVariables[],
  sizes: readonly number[],
): ParameterBlock[] {
  const bundles: LayerVariables[][] = [];
  let open: LayerVariables[] = [];
  for (const layer of layers) {
    open.push(layer);
    if (parametersOf(open, sizes) < MIN_PARAMETERS) continue;
    bundles.push(open);
    open = [];
  }
  const last = bundles.at(-1);
  if (last) last.push(...open);
  else bundles.push(open);
  return bundles.map((bundle) => ({
    name: bundle.map(({ name }) => name).join('+'),
    variables: bundle.flatMap(({ variables }) => variables),
  }));
}

function parametersOf(layers: readonly LayerVariables[], sizes: readonly number[]): number {
  return layers
    .flatMap(({ variables }) => variables)
    .reduce((sum, variable) => sum + sizes[variable]!, 0);
}

/** A step that was weighed block by block. */
export function stepOfBlocks(
  blocks: readonly ParameterBlock[],
  measured: readonly BlockGram[],
  { blocks: weighed, warnings, memory }: BlockAggregation,
) {
  const solved = weighed.map((block, b) => ({ ...block, gram: measured[b]!.gram }));
  const weightsOf = (variable: number) =>
    solved[blocks.findIndex(({ variables }) => variables.includes(variable))]!.weights;
  return {
    gram: sumOfGrams(measured.map(({ gram }) => gram)),
    weights: meanBlockWeights(solved),
    blocks: solved,
    weightsOf,
    warnings,
    memory,
  };
}

/** The Gram matrix of the whole, from those of its blocks. */
export function sumOfGrams(grams: readonly Float64Array[]): Float64Array {
  return grams[0]!.map((_, at) => grams.reduce((total, gram) => total + gram[at]!, 0));
}

/** Mean of the blocks' weights, weighted by the trace of each Gram matrix; groups that are not finite do not count. */
function meanBlockWeights(blocks: readonly BlockOfStep[]): Float64Array {
  const k = blocks[0]!.weights.length;
  const norms2 = Array.from({ length: k }, (_, i) =>
    blocks.map(({ gram }) => gram[i * k + i]!),
  ).filter((ofGroup) => ofGroup.every(Number.isFinite));
  const traces = blocks.map((_, b) => norms2.reduce((total, ofGroup) => total + ofGroup[b]!, 0));
  const total = traces.reduce((all, trace) => all + trace, 0);
  const mean = new Float64Array(k);
  if (total === 0) return mean;
  for (const [b, { weights }] of blocks.entries()) {
    for (let i = 0; i < k; i++) mean[i]! += (traces[b]! / total) * weights[i]!;
  }
  return mean;
}
