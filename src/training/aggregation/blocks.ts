import type { LayerVariables } from '../../nn/module/model.ts';

/** A part of the parameters with weights of its own. */
export interface ParameterBlock {
  /** Names of its layers, joined by "+". */
  readonly name: string;
  /** Indices into `model.trainable`. */
  readonly variables: readonly number[];
}

/**
 * Blocks below this size are not worth weights of their own: the hull of k gradients in a few dimensions soon contains 0, and
 * the block would stand still. Sixteen times as many dimensions as 64 groups.
 */
const LEAST_PARAMETERS = 1024;

/**
 * A block for each layer, kernel and bias together. Smaller layers are bundled with their successors until a block has
 * `LEAST_PARAMETERS`; what is left over at the end joins the last block.
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
    if (parametersOf(open, sizes) < LEAST_PARAMETERS) continue;
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
