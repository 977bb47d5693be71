import type { EncoderConfig } from '../../hub/architecture/checkpointConfig.ts';
import { activation } from '../layers/activation.ts';
import { dropout } from '../layers/dropout.ts';
import { firstToken, ofExamples } from '../layers/examples.ts';
import { linear } from '../layers/linear.ts';
import type { Parameters, Place } from '../layers/parameters.ts';
import { sequence } from '../layers/sequence.ts';
import type { Part } from '../layers/stack.ts';
import type { Layer } from '../module/pass.ts';

/** From the last layer's rows to [batch, outputs]: that of transformers' …ForSequenceClassification. */
export async function encoderHead(
  parameters: Parameters,
  { modelType, width, classifierDropout }: EncoderConfig,
  outputs: number,
): Promise<readonly Part[]> {
  const dense = async (name: string, place: Place, to: number) => {
    const section = parameters.section(name, place);
    return linear(await section.linear('', width, to));
  };
  const drop = (place: string) => dropout(place, classifierDropout);
  switch (modelType) {
    case 'bert': {
      const section = parameters.section('pooler', 'pooler');
      const pooler = linear(await section.linear('dense', width, width));
      const classifier = await dense('classifier', 'head', outputs);
      return [
        part(sequence(firstToken, ofExamples(pooler), activation('tanh')), section.trained),
        part(sequence(drop('classifier'), ofExamples(classifier)), true),
      ];
    }
    case 'roberta': {
      const section = parameters.section('classifier', 'head');
      const inner = linear(await section.linear('dense', width, width));
      const outer = linear(await section.linear('out_proj', width, outputs));
      const layers = [drop('dense'), inner, activation('tanh'), drop('out_proj'), outer];
      return [part(sequence(firstToken, ...layers.map(ofExamples)), true)];
    }
    case 'distilbert': {
      const inner = await dense('pre_classifier', 'head', width);
      const outer = await dense('classifier', 'head', outputs);
      const layers = [inner, activation('relu'), drop('classifier'), outer];
      return [part(sequence(firstToken, ...layers.map(ofExamples)), true)];
    }
  }
}

function part(layer: Layer, trained: boolean): Part {
  return { layer, trained, recomputed: false };
}
