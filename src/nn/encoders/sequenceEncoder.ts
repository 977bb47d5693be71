import type { EncoderConfig } from '../../hub/architecture/checkpointConfig.ts';
import { activation } from '../layers/activations.ts';
import { sequence } from '../layers/composition.ts';
import { dropout } from '../layers/dropout.ts';
import { linear } from '../layers/linear.ts';
import { firstToken, ofExamples } from '../layers/pooling.ts';
import { type Block, LayerStack } from '../layers/stack.ts';
import type { Layer } from '../module/pass.ts';
import {
  type LoadedNetwork,
  loadNetwork,
  type NetworkParameters,
} from '../parameters/networkParameters.ts';
import type { CheckpointSource, Role } from '../parameters/source.ts';
import { encoderBody } from './body.ts';
import { namesOf } from './variants.ts';

export type EncoderSource = CheckpointSource<EncoderConfig>;

/**
 * An encoder with a head, as transformers' …ForSequenceClassification: from tokens to [batch, outputs].
 *
 * @throws ModelError if checkpoint and plan do not fit the network
 */
export function sequenceEncoder(
  source: EncoderSource,
  outputs: number,
): Promise<LoadedNetwork<LayerStack>> {
  return build(source, async (parameters) => {
    const { config, checkpointing } = source;
    const { input, layers } = await encoderBody(parameters, config, checkpointing);
    return new LayerStack(input, [...layers, ...(await encoderHead(parameters, config, outputs))]);
  });
}

function build(
  { config, tensors, file, plan, checksOnly }: EncoderSource,
  make: (parameters: NetworkParameters) => Promise<LayerStack>,
): Promise<LoadedNetwork<LayerStack>> {
  const { prefix } = namesOf[config.modelType];
  const { layers, initializerRange } = config;
  return loadNetwork({ tensors, file, prefix, layers, initializerRange, plan, checksOnly }, make);
}

/** The head of transformers' …ForSequenceClassification: from the last layer's rows to [batch, outputs]. */
export async function encoderHead(
  parameters: NetworkParameters,
  { modelType, hiddenSize, classifierDropout }: EncoderConfig,
  outputs: number,
): Promise<readonly Block[]> {
  const dense = async (name: string, role: Role, outputSize: number) => {
    const submodule = parameters.submodule(name, role);
    return linear(await submodule.linear('', hiddenSize, outputSize));
  };
  const drop = (name: string) => dropout(name, classifierDropout);
  switch (modelType) {
    case 'bert': {
      const submodule = parameters.submodule('pooler', 'pooler');
      const pooler = linear(await submodule.linear('dense', hiddenSize, hiddenSize));
      const classifier = await dense('classifier', 'head', outputs);
      return [
        part(sequence(firstToken, ofExamples(pooler), activation('tanh')), submodule.trained),
        part(sequence(drop('classifier'), ofExamples(classifier)), true),
      ];
    }
    case 'roberta': {
      const submodule = parameters.submodule('classifier', 'head');
      const inner = linear(await submodule.linear('dense', hiddenSize, hiddenSize));
      const outer = linear(await submodule.linear('out_proj', hiddenSize, outputs));
      const layers = [drop('dense'), inner, activation('tanh'), drop('out_proj'), outer];
      return [part(sequence(firstToken, ...layers.map(ofExamples)), true)];
    }
    case 'distilbert': {
      const inner = await dense('pre_classifier', 'head', hiddenSize);
      const outer = await dense('classifier', 'head', outputs);
      const layers = [inner, activation('relu'), drop('classifier'), outer];
      return [part(sequence(firstToken, ...layers.map(ofExamples)), true)];
    }
  }
}

function part(layer: Layer, trained: boolean): Block {
  return { layer, trained, recomputed: false };
}
