import type { Matrix } from '../../backends/operations/operations.ts';
import type { DecoderConfig } from '../../hub/architecture/checkpointConfig.ts';
import type { CheckpointSource } from '../layers/checkpointSource.ts';
import { lastToken, ofExamples } from '../layers/examples.ts';
import { linear } from '../layers/linear.ts';
import { type Network, type Parameters, readParameters } from '../layers/parameters.ts';
import { sequence } from '../layers/sequence.ts';
import { Stack } from '../layers/stack.ts';
import type { Parameter } from '../module/parameter.ts';
import { type DecoderBody, decoderBody } from './body.ts';
import type { Family } from './family.ts';
import { gpt2 } from './gpt2.ts';
import { llama } from './llama.ts';

export type DecoderSource = CheckpointSource<DecoderConfig>;

/** A language model: from tokens to hidden states [rows, width], and to logits by the head. */
export interface CausalNetwork {
  readonly stack: Stack;
  /** [vocabulary, width]; the table of tokens itself, where the two are tied. */
  readonly head: Parameter<Matrix>;
}

/**
 * A decoder with the head it was pretrained with, as transformers' …ForCausalLM.
 *
 * @throws ModelError where checkpoint and plan do not give that network
 */
export function causalDecoder(source: DecoderSource): Promise<Network<CausalNetwork>> {
  const { vocabulary, width, tiedEmbeddings } = source.config;
  return build(source, async (parameters, { input, upper }) => ({
    stack: new Stack(input.part, upper),
    head: tiedEmbeddings
      ? input.words
      : await parameters.section('lm_head', 'output').matrix('weight', [vocabulary, width]),
  }));
}

/**
 * A decoder as transformers' …ForSequenceClassification: from tokens to [batch, outputs], of each example's last token.
 *
 * @throws ModelError where checkpoint and plan do not give that network
 */
export function sequenceDecoder(source: DecoderSource, outputs: number): Promise<Network<Stack>> {
  const { width } = source.config;
  return build(source, async (parameters, { input, upper }) => {
    const section = parameters.section('score', 'head');
    const score = linear(await section.linear('', width, outputs, { bias: false }));
    const layer = sequence(lastToken, ofExamples(score));
    return new Stack(input.part, [...upper, { layer, trained: true, recomputed: false }]);
  });
}

function build<T>(
  { config, tensors, file, plan, checkpointing }: DecoderSource,
  finish: (parameters: Parameters, body: DecoderBody) => Promise<T>,
): Promise<Network<T>> {
  const family: Family = config.modelType === 'gpt2' ? gpt2(config) : llama(config);
  const { layers, initializerRange } = config;
  return readParameters(
    { tensors, file, prefix: family.prefix, layers, initializerRange, plan },
    async (parameters) =>
      finish(parameters, await decoderBody(parameters, family, layers, checkpointing)),
  );
}
