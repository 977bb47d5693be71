import type { DecoderConfig } from '../../hub/architecture/checkpointConfig.ts';
import { attention, separately } from '../layers/attention.ts';
import { embedding } from '../layers/embedding.ts';
import { gatedFeedForward } from '../layers/gated.ts';
import { linear } from '../layers/linear.ts';
import { rmsNorm } from '../layers/norm.ts';
import type { Parameters, Section } from '../layers/parameters.ts';
import { residual } from '../layers/residual.ts';
import { sequence } from '../layers/sequence.ts';
import type { Layer } from '../module/pass.ts';
import type { DecoderInput, Family } from './family.ts';
import { turned } from './projections.ts';
import { type Rotations, rotations } from './rotary.ts';

/** Llama (Touvron et al., arXiv 2302.13971), SmolLM among it, and Qwen2 (arXiv 2407.10671), which differs by biases. */
export function llama(config: DecoderConfig): Family {
  const turns = rotations(config.rope!, config.headWidth);
  return {
    prefix: 'model.',
    layerName: 'layers',
    normName: 'norm',
    input: (parameters) => inputOf(parameters, config),
    layer: (section) => layerOf(section, config, turns),
    norm: (section, name) => normOf(section, name, config),
  };
}

async function inputOf(parameters: Parameters, config: DecoderConfig): Promise<DecoderInput> {
  const { vocabulary, width } = config;
  const section = parameters.section('embed_tokens', 'input');
  const words = await section.matrix('weight', [vocabulary, width]);
  const layer = embedding([{ parameter: words, ids: ({ ids }) => ids }]);
  return { part: { layer, trained: words.trained, recomputed: false }, words };
}

/** Each sublayer's norm comes before it, within its residual connection. */
async function layerOf(section: Section, config: DecoderConfig, turns: Rotations): Promise<Layer> {
  const { heads, keyValueHeads, headWidth, width, innerWidth } = config;
  const { attentionBias, outputBias, mlpBias } = config;
  const project = async (name: string, inputs: number, outputs: number, bias: boolean) =>
    linear(await section.linear(name, inputs, outputs, { bias }));
  const ask = (name: string, count: number) =>
    project(`self_attn.${name}`, width, count * headWidth, attentionBias);

  const attendNorm = await normOf(section, 'input_layernorm', config);
  const asked = separately(
    await ask('q_proj', heads),
    await ask('k_proj', keyValueHeads),
    await ask('v_proj', keyValueHeads),
  );
  const attend = attention(turned(asked, turns), {
    place: `${section.name}.self_attn.probabilities`,
    heads,
    keyValueHeads,
    width: headWidth,
    causal: true,
    dropout: config.attentionDropout,
  });
  const output = await project('self_attn.o_proj', heads * headWidth, width, outputBias);
  const feedNorm = await normOf(section, 'post_attention_layernorm', config);
  const feed = gatedFeedForward(
    await project('mlp.gate_proj', width, innerWidth, mlpBias),
    await project('mlp.up_proj', width, innerWidth, mlpBias),
    await project('mlp.down_proj', innerWidth, width, mlpBias),
  );
  return sequence(
    residual(sequence(attendNorm, attend, output)),
    residual(sequence(feedNorm, feed)),
  );
}

async function normOf(section: Section, name: string, config: DecoderConfig): Promise<Layer> {
  const weight = name === '' ? 'weight' : `${name}.weight`;
  return rmsNorm(await section.vector(weight, config.width, 'ones'), config.normEpsilon);
}
