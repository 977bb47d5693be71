import type { DecoderConfig } from '../../hub/architecture/checkpointConfig.ts';
import { activation } from '../layers/activation.ts';
import { attention } from '../layers/attention.ts';
import { dropout } from '../layers/dropout.ts';
import { embedding } from '../layers/embedding.ts';
import { linear } from '../layers/linear.ts';
import { layerNorm } from '../layers/norm.ts';
import type { Parameters, Section } from '../layers/parameters.ts';
import { residual } from '../layers/residual.ts';
import { sequence } from '../layers/sequence.ts';
import { type Layer, positionsOf } from '../module/pass.ts';
import type { DecoderInput, Family } from './family.ts';
import { fused } from './projections.ts';

/** GPT-2 (Radford et al. 2019). */
export function gpt2(config: DecoderConfig): Family {
  return {
    prefix: 'transformer.',
    layerName: 'h',
    normName: 'ln_f',
    input: (parameters) => inputOf(parameters, config),
    layer: (section) => layerOf(section, config),
    norm: (section, name) => layerNorm(section, name, config),
  };
}

async function inputOf(parameters: Parameters, config: DecoderConfig): Promise<DecoderInput> {
  const { vocabulary, maxPositions, width, embeddingDropout } = config;
  const words = await parameters.section('wte', 'input').matrix('weight', [vocabulary, width]);
  const places = await parameters.section('wpe', 'input').matrix('weight', [maxPositions, width]);
  const sum = embedding([
    { parameter: words, ids: ({ ids }) => ids },
    { parameter: places, ids: (_, pass) => positionsOf(pass) },
  ]);
  const layer = sequence(sum, dropout('drop', embeddingDropout));
  return { part: { layer, trained: words.trained, recomputed: false }, words };
}

/** Each sublayer's norm comes before it, within its residual connection. */
async function layerOf(section: Section, config: DecoderConfig): Promise<Layer> {
  const { heads, width, headWidth, innerWidth } = config;
  const project = async (
    name: string,
    inputs: number,
    outputs: number,
    range = config.initializerRange,
  ) => linear(await section.linear(name, inputs, outputs, { layout: 'in-out', range }));
  // What ends in the residual stream starts smaller, since 2·layers of them are summed there (Radford et al. 2019, 2.3).
  const summed = config.initializerRange / Math.sqrt(2 * config.layers);
  const place = (name: string) => `${section.name}.${name}`;

  const attendNorm = await layerNorm(section, 'ln_1', config);
  const attend = attention(fused(await project('attn.c_attn', width, 3 * width)), {
    place: place('attn.probabilities'),
    heads,
    keyValueHeads: heads,
    width: headWidth,
    causal: true,
    dropout: config.attentionDropout,
  });
  const output = await project('attn.c_proj', width, width, summed);
  const feedNorm = await layerNorm(section, 'ln_2', config);
  const inner = await project('mlp.c_fc', width, innerWidth);
  const outer = await project('mlp.c_proj', innerWidth, width, summed);
  const drop = (name: string) => dropout(place(name), config.dropout);
  return sequence(
    residual(sequence(attendNorm, attend, output, drop('attn'))),
    residual(sequence(feedNorm, inner, activation(config.activation), outer, drop('mlp'))),
  );
}
