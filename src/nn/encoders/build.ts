import type { EncoderConfig } from '../../hub/architecture/checkpointConfig.ts';
import type { CheckpointSource } from '../layers/checkpointSource.ts';
import { type Network, type Parameters, readParameters } from '../layers/parameters.ts';
import { Stack } from '../layers/stack.ts';
import { encoderBody } from './body.ts';
import { encoderHead } from './head.ts';
import { namesOf } from './names.ts';

export type EncoderSource = CheckpointSource<EncoderConfig>;

/**
 * An encoder with a head, as transformers' …ForSequenceClassification: from tokens to [batch, outputs].
 *
 * @throws ModelError where checkpoint and plan do not give that network
 */
export function sequenceEncoder(source: EncoderSource, outputs: number): Promise<Network<Stack>> {
  return build(source, async (parameters) => {
    const { config, checkpointing } = source;
    const { input, layers } = await encoderBody(parameters, config, checkpointing);
    return new Stack(input, [...layers, ...(await encoderHead(parameters, config, outputs))]);
  });
}

function build(
  { config, tensors, file, plan }: EncoderSource,
  make: (parameters: Parameters) => Promise<Stack>,
): Promise<Network<Stack>> {
  const { prefix } = namesOf[config.modelType];
  const { layers, initializerRange } = config;
  return readParameters({ tensors, file, prefix, layers, initializerRange, plan }, make);
}
