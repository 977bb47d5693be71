import type { TorchDevice } from '../../backends/device.ts';
import type { Config } from '../../config/schema.ts';
import type { TextData } from '../../data/dataset.ts';
import { groupBounds } from '../../data/grouping.ts';
import { tokenizerFiles } from '../../hub/tokenizer/tokenizer.ts';
import { answerStarts, batchOf } from '../text/batches.ts';
import { GenerationValidation } from '../text/generationValidation.ts';
import { SequenceValidation } from '../text/sequenceValidation.ts';
import { buildRequest } from './buildRequest.ts';
import type { TorchCheckpoint } from './torchCheckpoint.ts';
import type { TorchInputs } from './torchLearner.ts';
import { batchMessage, TorchNetwork } from './torchNetwork.ts';

/** A transformer that reads texts. */
export function textInputs(
  { task, data: settings }: Config,
  checkpoint: TorchCheckpoint,
  data: TextData,
  device: TorchDevice,
): TorchInputs {
  const { train } = data;
  return {
    request: (options) =>
      buildRequest(checkpoint, data, options, {
        inputs: 'texts',
        padId: checkpoint.network.padId ?? checkpoint.padId,
        endIds: [...checkpoint.generation.endIds],
      }),
    gradients: (process, groups, seed) => {
      const indices = groups.flatMap(({ examples }) => [...examples]);
      const tokens = batchOf(train, indices, checkpoint.padId, groupBounds(groups));
      const targets =
        task === 'generation'
          ? answerStarts(train, indices)
          : indices.map((index) => train.targets[index]!);
      return process.call('gradients', { ...batchMessage(tokens, targets), seed });
    },
    validation: (process) => {
      const network = new TorchNetwork(process);
      return task === 'generation'
        ? new GenerationValidation(network, data, checkpoint, settings, device)
        : new SequenceValidation(network, data, { ...checkpoint, task }, device);
    },
    companions: tokenizerFiles(checkpoint.folder),
  };
}
