import type { TorchDevice } from '../../backends/device.ts';
import { readsTexts } from '../../config/data.ts';
import type { ParsedConfig } from '../../config/parse.ts';
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
  const checkpoint = await openCheckpoint(parsed, onLoading);
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
    const name = typeof entry === 'string' ? entry : entry.name;
    const { decidedBy } = aggregators[name];
    if (decidedBy === 'gram' || decidedBy === 'block-grams') continue;
    throw parsed.error(['aggregate', i], `${name} is not available with device: torch`, {
      expected: 'another aggregator, or another device',
    });
  }
}
