import type { DecoderConfig } from '../../hub/architecture/checkpointConfig.ts';
import { activation } from '../layers/activations.ts';
import { attention, fusedProjection } from '../layers/attention.ts';
import { residual, sequence } from '../layers/composition.ts';
import { dropout } from '../layers/dropout.ts';
import { embedding } from '../layers/embedding.ts';
import { linear } from '../layers/linear.ts';
import { layerNorm } from '../layers/norm.ts';
import { type Layer, positionsOf } from '../module/pass.ts';
import type { NetworkParameters } from '../parameters/networkParameters.ts';
import type { Submodule } from '../parameters/submodule.ts';
import type { DecoderFamily, DecoderInput } from './body.ts';

/** GPT-2 (Radford et al. 2019). */
export function gpt2(config: DecoderConfig): DecoderFamily {
  return {
    prefix: 'transformer.',
    layerName: 'h',
    normName: 'ln_f',
    input: (parameters) => inputOf(parameters, config),
    layer: (submodule) => layerOf(submodule, config),
    norm: async (submodule, name) =>
      layerNorm(await submodule.norm(name, config.hiddenSize), config.normEpsilon),
  };
}

async function inputOf(
  parameters: NetworkParameters,
  config: DecoderConfig,
): Promise<DecoderInput> {
  const { vocabSize, maxPositions, hiddenSize, embeddingDropout } = config;
  const tokens = await parameters
    .submodule('wte', 'input')
    .matrix('weight', [vocabSize, hiddenSize]);
  const positions = await parameters
    .submodule('wpe', 'input')
    .matrix('weight', [maxPositions, hiddenSize]);
  const sum = embedding([
    { parameter: tokens, ids: ({ ids }) => ids },
    { parameter: positions, ids: (_, pass) => positionsOf(pass) },
  ]);
  const layer = sequence(sum, dropout('drop', embeddingDropout));
  return { block: { layer, trained: tokens.trained, recomputed: false }, tokenEmbeddings: tokens };
}

/** Each sublayer's norm comes before it, within its residual connection. */
async function layerOf(submodule: Submodule, config: DecoderConfig): Promise<Layer> {
  const { heads, hiddenSize, headDim, intermediateSize } = config;
  const project = async (
    name: string,
    inputs: number,
    outputs: number,
    range = config.initializerRange,
  ) => linear(await submodule.linear(name, inputs, outputs, { layout: 'in-out', range }));
  // Projections into the residual stream start smaller, because 2·layers of them are summed there (Radford et al. 2019, 2.3).
  const residualRange = config.initializerRange / Math.sqrt(2 * config.layers);
  const nameOf = (name: string) => `${submodule.name}.${name}`;

  const attendNorm = layerNorm(await submodule.norm('ln_1', hiddenSize), config.normEpsilon);
  const attend = attention(
    fusedProjection(await project('attn.c_attn', hiddenSize, 3 * hiddenSize)),
    {
      name: nameOf('attn.probabilities'),
      heads,
      keyValueHeads: heads,
      width: headDim,
      causal: true,
      dropout: config.attentionDropout,
    },
  );
  const output = await project('attn.c_proj', hiddenSize, hiddenSize, residualRange);
  const feedNorm = layerNorm(await submodule.norm('ln_2', hiddenSize), config.normEpsilon);
  const inner = await project('mlp.c_fc', hiddenSize, intermediateSize);
  const outer = await project('mlp.c_proj', intermediateSize, hiddenSize, residualRange);
  const drop = (name: string) => dropout(nameOf(name), config.dropout);
  return sequence(
    residual(sequence(attendNorm, attend, output, drop('attn'))),
    residual(sequence(feedNorm, inner, activation(config.activation), outer, drop('mlp'))),
  );
}
