import type { TorchDevice } from '../../backends/device.ts';
import { readsTexts } from '../../config/data.ts';
import type { ParsedConfig } from '../../config/parse.ts';
import type { Config } from '../../config/schema.ts';
import { aggregators } from '../../engine/aggregators/registry.ts';
import type { Loading } from '../../runs/loading.ts';
import { readTexts } from '../text/textTask.ts';
import type { TrainingTask } from '../trainingTask.ts';
import { openCheckpoint } from './torchCheckpoint.ts';
import { TorchLearner } from './torchLearner.ts';

/**
 * Transformers of PyTorch, of any architecture, on examples that are texts.
 *
 * @throws ConfigError pointing at what is wrong in the config, the checkpoint or the data
 */
export async function openTorchTask(
  parsed: ParsedConfig,
  device: TorchDevice,
  onLoading: (loading: Loading) => void,
): Promise<TrainingTask> {
  checkSettings(parsed);
  const checkpoint = await openCheckpoint(parsed, device, onLoading);
  const { network } = checkpoint;
  const task = await readTexts(
    parsed,
    {
      ...checkpoint,
      limit: { positions: network.positions, isWindow: false },
      vocabSize: network.vocabSize,
    },
    onLoading,
  );
  return {
    ...task,
    learner: (options) => TorchLearner.create(device, { checkpoint, data: task.data }, options),
  };
}

/** @throws ConfigError for what only the other devices do */
function checkSettings(parsed: ParsedConfig): void {
  const { data, aggregate } = parsed.config;
  if (!readsTexts(data)) {
    throw parsed.error(['device'], 'torch trains transformers on texts, not rows of numbers', {
      expected: 'another device, or data.text and model.from',
    });
  }
  for (const [i, entry] of aggregate.entries()) {
    if (isDecidedByGrams(entry)) continue;
    const name = typeof entry === 'string' ? entry : entry.name;
    throw parsed.error(['aggregate', i], `${name} is not available with device: torch`, {
      expected: 'another aggregator, or another device',
    });
  }
}

/** Whether the device can train what a config asks for: transformers, with weights that follow from Gram matrices. */
export function canTrainOnTorch({ data, aggregate }: Config): boolean {
  return readsTexts(data) && aggregate.every(isDecidedByGrams);
}

function isDecidedByGrams(entry: Config['aggregate'][number]): boolean {
  const { decidedBy } = aggregators[typeof entry === 'string' ? entry : entry.name];
  return decidedBy === 'gram' || decidedBy === 'block-grams';
}
