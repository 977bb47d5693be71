import type { Matrix } from '../../backends/operations/operations.ts';
import type { DecoderConfig } from '../../hub/architecture/checkpointConfig.ts';
import { sequence } from '../layers/composition.ts';
import { linear } from '../layers/linear.ts';
import { lastTokenBut, ofExamples } from '../layers/pooling.ts';
import { LayerStack } from '../layers/stack.ts';
import type { Parameter } from '../module/parameter.ts';
import {
  type LoadedNetwork,
  loadNetwork,
  type NetworkParameters,
} from '../parameters/networkParameters.ts';
import type { CheckpointSource } from '../parameters/source.ts';
import { type DecoderBody, type DecoderFamily, decoderBody } from './body.ts';
import { gpt2 } from './gpt2.ts';
import { llama } from './llama.ts';
import { tieEmbeddings } from './tiedEmbeddings.ts';

/** Stands for a missing padding token: no token has this id. */
const NO_TOKEN = -1;

export type DecoderSource = CheckpointSource<DecoderConfig>;

/** A language model: from tokens to hidden states [rows, hiddenSize], and to logits by the head. */
export interface CausalNetwork {
  readonly stack: LayerStack;
  /** [vocabSize, hiddenSize]; the token embedding itself if the two are tied. */
  readonly head: Parameter<Matrix>;
  /** Whether the head is the token embedding. */
  readonly isTied: boolean;
}

/**
 * A decoder with the head it was pretrained with, as transformers' …ForCausalLM.
 *
 * @throws ModelError if checkpoint and plan do not fit the network
 */
export async function causalDecoder(source: DecoderSource): Promise<LoadedNetwork<CausalNetwork>> {
  const { vocabSize, hiddenSize } = source.config;
  const { tensors, isTied } = await tieEmbeddings(source);
  return build({ ...source, tensors }, async (parameters, { input, upper }) => ({
    stack: new LayerStack(input.block, upper),
    head: isTied
      ? input.tokenEmbeddings
      : await parameters.submodule('lm_head', 'output').matrix('weight', [vocabSize, hiddenSize]),
    isTied,
  }));
}

/**
 * A decoder as transformers' …ForSequenceClassification: from tokens to [batch, outputs], of each example's last token.
 *
 * @throws ModelError if checkpoint and plan do not fit the network
 */
export function sequenceDecoder(
  source: DecoderSource,
  outputs: number,
): Promise<LoadedNetwork<LayerStack>> {
  const { hiddenSize, padId } = source.config;
  return build(source, async (parameters, { input, upper }) => {
    const submodule = parameters.submodule('score', 'head');
    const score = linear(await submodule.linear('', hiddenSize, outputs, { bias: false }));
    const layer = sequence(lastTokenBut(padId ?? NO_TOKEN), ofExamples(score));
    return new LayerStack(input.block, [...upper, { layer, trained: true, recomputed: false }]);
  });
}

function build<T>(
  { config, tensors, file, plan, checkpointing, checksOnly }: DecoderSource,
  finish: (parameters: NetworkParameters, body: DecoderBody) => Promise<T>,
): Promise<LoadedNetwork<T>> {
  const family = familyOf(config);
  const { layers, initializerRange } = config;
  return loadNetwork(
    { tensors, file, prefix: family.prefix, layers, initializerRange, plan, checksOnly },
    async (parameters) =>
      finish(parameters, await decoderBody(parameters, family, layers, checkpointing)),
  );
}

function familyOf(config: DecoderConfig): DecoderFamily {
  return config.modelType === 'gpt2' ? gpt2(config) : llama(config);
}
