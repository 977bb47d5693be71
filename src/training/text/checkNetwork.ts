import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ParsedConfig } from '../../config/parse.ts';
import { CheckpointError } from '../../hub/checkpointFile.ts';
import {
  openSafetensors,
  type TensorFile,
  WEIGHTS_FILE,
  WEIGHTS_INDEX_FILE,
} from '../../hub/safetensors/safetensors.ts';
import { causalDecoder, sequenceDecoder } from '../../nn/decoders/build.ts';
import { sequenceEncoder } from '../../nn/encoders/sequenceEncoder.ts';
import { ModelError } from '../../nn/module/model.ts';
import type { CheckpointSource } from '../../nn/parameters/source.ts';
import { planOf } from './buildObjective.ts';
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
  const hasWeights =
    pretrained.revision === null ||
    [WEIGHTS_FILE, WEIGHTS_INDEX_FILE].some((name) => existsSync(path.join(folder, name)));
  let tensors: TensorFile | undefined;
  try {
    tensors = hasWeights ? await openSafetensors(folder) : undefined;
    await buildUnread(parsed, pretrained, classes, tensors);
  } catch (error) {
    if (error instanceof ModelError) throw parsed.error(error.at.key, error.message, error.at.help);
    if (!(error instanceof CheckpointError)) throw error;
    throw parsed.error(['model', 'from'], error.message, {
      expected: 'complete weights in safetensors files',
    });
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
  const source: Omit<CheckpointSource<unknown>, 'config'> = {
    tensors: tensors ?? noTensors,
    file: pretrained.folder,
    plan: planOf({ config, pretrained }, head, 0),
    checkpointing: false,
    checksOnly: tensors ? 'tensors' : 'plan',
  };
  const outputs = pretrained.task === 'classification' ? expected.length : 1;
  if (pretrained.task === 'generation') {
    await causalDecoder({ ...source, config: pretrained.config });
  } else if (pretrained.config.kind === 'encoder') {
    await sequenceEncoder({ ...source, config: pretrained.config }, outputs);
  } else {
    await sequenceDecoder({ ...source, config: pretrained.config }, outputs);
  }
}

const noTensors: CheckpointSource<unknown>['tensors'] = {
  names: [],
  shapeOf: () => [],
  dtypeOf: () => '',
  read: () => Promise.reject(new Error('there are no weights yet')),
};
