import type { ParsedConfig } from '../../config/parse.ts';
import { isComplete } from '../../hub/download/requestedFiles.ts';
import { openSafetensors, type TensorFile } from '../../hub/safetensors/safetensors.ts';
import { causalDecoder } from '../../nn/decoders/build.ts';
import { atConfig } from '../modelErrors.ts';
import { planOf, type Source, sequenceNetwork } from './buildObjective.ts';
import type { Pretrained } from './pretrained.ts';
import { savedHead } from './savedHead.ts';

/**
 * Checks without reading weights that the settings of `model` fit the network and, if the weights are on this machine, that their
 * names, shapes and formats do.
 * @param classes of the data; null if they are not known
 * @throws ConfigError
 */
export async function checkNetwork(
  parsed: ParsedConfig,
  pretrained: Pretrained,
  classes: readonly string[] | null,
): Promise<void> {
  const { folder } = pretrained;
  let tensors: TensorFile | undefined;
  try {
    // A folder of the user's must have them; a snapshot may lack some until they are downloaded.
    const hasWeights = pretrained.revision === null || (await isComplete(folder, 'checkpoint'));
    tensors = hasWeights ? await openSafetensors(folder) : undefined;
    await buildUnread(parsed, pretrained, classes, tensors);
  } catch (error) {
    throw atConfig(parsed, error);
  } finally {
    await tensors?.close();
  }
}

async function buildUnread(
  parsed: ParsedConfig,
  pretrained: Pretrained,
  classes: readonly string[] | null,
  tensors: TensorFile | undefined,
): Promise<void> {
  const { config } = parsed;
  const saved = pretrained.config.classes;
  const expected = classes ?? saved ?? [];
  const head = savedHead(pretrained.config, config, expected);
  const source: Source = {
    tensors: tensors ?? noTensors,
    file: pretrained.folder,
    plan: planOf({ config, pretrained }, head, 0),
    checkpointing: false,
    checksOnly: tensors ? 'tensors' : 'plan',
  };
  await (pretrained.task === 'generation'
    ? causalDecoder({ ...source, config: pretrained.config })
    : sequenceNetwork(pretrained, expected.length, source));
}

const noTensors: Source['tensors'] = {
  names: [],
  shapeOf: () => [],
  dtypeOf: () => '',
  read: () => Promise.reject(new Error('there are no weights yet')),
};
