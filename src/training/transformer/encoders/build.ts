import type { EncoderConfig } from '../../huggingface/config.ts';
import { type Parameters, readParameters, type TensorReader } from '../parameters.ts';
import type { Plan } from '../plan.ts';
import { Stack } from '../stack.ts';
import { encoderBody } from './body.ts';
import { encoderHead } from './head.ts';
import { namesOf } from './names.ts';

/** A checkpoint of an encoder, and how it is to be trained. */
export interface EncoderSource {
  readonly config: EncoderConfig;
  readonly tensors: TensorReader;
  /** Of the tensors; named in errors. */
  readonly file: string;
  readonly plan: Plan;
  /** Layers are gone through a second time before the way back, for less memory. */
  readonly checkpointing: boolean;
}

interface Network {
  readonly network: Stack;
  readonly parameters: Parameters;
}

/**
 * An encoder with a head, as transformers' …ForSequenceClassification: from tokens to [batch, outputs].
 *
 * @throws ModelError where checkpoint and plan do not give that network
 */
export function sequenceEncoder(source: EncoderSource, outputs: number): Promise<Network> {
  return build(source, async (parameters) => {
    const { config, checkpointing } = source;
    const { input, layers } = await encoderBody(parameters, config, checkpointing);
    return new Stack(input, [...layers, ...(await encoderHead(parameters, config, outputs))]);
  });
}

function build(
  { config, tensors, file, plan }: EncoderSource,
  make: (parameters: Parameters) => Promise<Stack>,
): Promise<Network> {
  const { prefix } = namesOf[config.modelType];
  const { layers, initializerRange } = config;
  return readParameters({ tensors, file, prefix, layers, initializerRange, plan }, make);
}
