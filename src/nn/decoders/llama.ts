import type { DecoderConfig } from '../../hub/architecture/checkpointConfig.ts';
import { gatedFeedForward } from '../layers/activations.ts';
import { attention, ofHeads, separateProjections } from '../layers/attention.ts';
import { residual, sequence } from '../layers/composition.ts';
import { embedding } from '../layers/embedding.ts';
import { linear } from '../layers/linear.ts';
import { rmsNorm } from '../layers/norm.ts';
import type { Layer } from '../module/pass.ts';
import type { NetworkParameters } from '../parameters/networkParameters.ts';
import type { Submodule } from '../parameters/submodule.ts';
import type { DecoderFamily, DecoderInput } from './body.ts';
import { type Rotations, rotatedProjection, rotations } from './rotary.ts';

/**
 * Llama (Touvron et al., arXiv 2302.13971; also SmolLM), Mistral (arXiv 2310.06825), and Qwen2 (arXiv 2407.10671) and Qwen3
 * (arXiv 2505.09388), which differ in biases and in the norm of queries and keys.
 */
export function llama(config: DecoderConfig): DecoderFamily {
  const rotate = rotations(config.rope!, config.headDim);
  return {
    prefix: 'model.',
    layerName: 'layers',
    normName: 'norm',
    input: (parameters) => inputOf(parameters, config),
    layer: (submodule) => layerOf(submodule, config, rotate),
    norm: (submodule, name) => normOf(submodule, name, config),
  };
}

async function inputOf(
  parameters: NetworkParameters,
  config: DecoderConfig,
): Promise<DecoderInput> {
  const { vocabSize, hiddenSize, paddingIndex } = config;
  const submodule = parameters.submodule('embed_tokens', 'input');
  const tokens = await submodule.matrix('weight', [vocabSize, hiddenSize]);
  const layer = embedding([{ parameter: tokens, paddingIndex, ids: ({ ids }) => ids }]);
  return { block: { layer, trained: tokens.trained, recomputed: false }, tokenEmbeddings: tokens };
}

/** Each sublayer's norm comes before it, within its residual connection. */
async function layerOf(
  submodule: Submodule,
  config: DecoderConfig,
  rotate: Rotations,
): Promise<Layer> {
  const { heads, keyValueHeads, headDim, hiddenSize, intermediateSize } = config;
  const { attentionBias, outputBias, mlpBias } = config;
  const project = async (name: string, inputs: number, outputs: number, bias: boolean) =>
    linear(await submodule.linear(name, inputs, outputs, { bias }));
  const projectHeads = (name: string, count: number) =>
    project(`self_attn.${name}`, hiddenSize, count * headDim, attentionBias);
  const normHeads = async (name: string, layer: Layer) =>
    config.queryKeyNorm
      ? sequence(
          layer,
          ofHeads(await normOf(submodule, `self_attn.${name}`, config, headDim), headDim),
        )
      : layer;

  const attendNorm = await normOf(submodule, 'input_layernorm', config);
  const projections = separateProjections(
    await normHeads('q_norm', await projectHeads('q_proj', heads)),
    await normHeads('k_norm', await projectHeads('k_proj', keyValueHeads)),
    await projectHeads('v_proj', keyValueHeads),
  );
  const attend = attention(rotatedProjection(projections, rotate), {
    name: `${submodule.name}.self_attn.probabilities`,
    heads,
    keyValueHeads,
    width: headDim,
    causal: true,
    dropout: config.attentionDropout,
  });
  const output = await project('self_attn.o_proj', heads * headDim, hiddenSize, outputBias);
  const feedNorm = await normOf(submodule, 'post_attention_layernorm', config);
  const feed = gatedFeedForward(
    await project('mlp.gate_proj', hiddenSize, intermediateSize, mlpBias),
    await project('mlp.up_proj', hiddenSize, intermediateSize, mlpBias),
    await project('mlp.down_proj', intermediateSize, hiddenSize, mlpBias),
  );
  return sequence(
    residual(sequence(attendNorm, attend, output)),
    residual(sequence(feedNorm, feed)),
  );
}

async function normOf(
  submodule: Submodule,
  name: string,
  { hiddenSize, normEpsilon }: DecoderConfig,
  width = hiddenSize,
): Promise<Layer> {
  const weight = name === '' ? 'weight' : `${name}.weight`;
  return rmsNorm(await submodule.vector(weight, width, 'ones'), normEpsilon);
}
