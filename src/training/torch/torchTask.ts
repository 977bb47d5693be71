import type { TorchDevice } from '../../backends/device.ts';
import { readsImages, readsTexts, trainsTransformer } from '../../config/data.ts';
import type { ParsedConfig } from '../../config/parse.ts';
import type { Config } from '../../config/schema.ts';
import { ascentOf, stabilityOf } from '../../config/techniques/registry.ts';
import { resolvedTechniques } from '../../config/techniques/schema.ts';
import type { DataReads } from '../../data/dataReads.ts';
import { aggregators } from '../../engine/aggregators/registry.ts';
import type { Techniques } from '../../engine/types.ts';
import type { Loading } from '../../runs/loading.ts';
import { readTexts } from '../text/textTask.ts';
import type { TrainingTask } from '../trainingTask.ts';
import { openImageTask } from './imageTask.ts';
import { textInputs } from './textInputs.ts';
import { openCheckpoint } from './torchCheckpoint.ts';
import { TorchLearner } from './torchLearner.ts';

/**
 * Networks of transformers, of any architecture, on examples that are texts or images.
 *
 * @throws ConfigError pointing at what is wrong in the config, the checkpoint or the data
 */
export async function openTorchTask(
  parsed: ParsedConfig,
  device: TorchDevice,
  onLoading: (loading: Loading) => void,
  reads: DataReads,
): Promise<TrainingTask> {
  checkSettings(parsed);
  const open = readsTexts(parsed.config.data) ? openTorchTexts : openImageTask;
  return open(parsed, device, onLoading, reads);
}

async function openTorchTexts(
  parsed: ParsedConfig,
  device: TorchDevice,
  onLoading: (loading: Loading) => void,
  reads: DataReads,
): Promise<TrainingTask> {
  const checkpoint = await openCheckpoint(parsed, device, onLoading);
  const { network } = checkpoint;
  const { promptTuning } = parsed.config.model.adapter ?? {};
  const task = await readTexts(
    parsed,
    {
      ...checkpoint,
      limit: { positions: network.positions - (promptTuning?.tokens ?? 0), isWindow: false },
      vocabSize: network.vocabSize,
    },
    onLoading,
    reads,
  );
  const inputs = textInputs(parsed.config, checkpoint, task.data, device);
  return { ...task, learner: (options) => TorchLearner.create(device, inputs, options) };
}

/** @throws ConfigError for what only the other devices do */
function checkSettings(parsed: ParsedConfig): void {
  const { config } = parsed;
  if (!readsTexts(config.data) && !readsImages(config)) {
    throw parsed.error(['device'], 'torch trains on texts and images, not rows of numbers', {
      expected: 'another device, or model.from with data.text, data.imageFile or data.image',
    });
  }
  for (const [i, entry] of config.aggregate.entries()) {
    if (!needsAllAtOnce(config, entry)) continue;
    throw parsed.error(
      ['aggregate', i],
      'with device: torch, grain-streaming does not go with sam, asam, tsam or ghm, which need all groups at once',
      { expected: 'grain or grain-layerwise, no such technique, or another device' },
    );
  }
}

/** Whether the device can train what a config asks for, and whether no other can. */
export function canTrainOnTorch(config: Config): boolean | 'only' {
  const { dtype, adapter, quantize } = config.model;
  const isOthers = adapter === undefined || adapter.lora !== undefined;
  const isPrecise = dtype === 'float32' && quantize === undefined;
  const isStable = config.aggregate.some((entry) => stabilityOf(techniquesOf(config, entry)));
  if (!isPrecise || config.data.imageFile !== undefined || !isOthers || isStable) return 'only';
  return (
    trainsTransformer(config) && !config.aggregate.some((entry) => needsAllAtOnce(config, entry))
  );
}

type Entry = Config['aggregate'][number];

/** Whether gradients are to arrive one by one, though each depends on all groups. */
function needsAllAtOnce(config: Config, entry: Entry): boolean {
  const name = typeof entry === 'string' ? entry : entry.name;
  if (aggregators[name].decidedBy !== 'arrival') return false;
  const techniques = techniquesOf(config, entry);
  return ascentOf(techniques) !== null || techniques.ghm !== undefined;
}

function techniquesOf(config: Config, entry: Entry): Techniques {
  const own = typeof entry === 'string' ? {} : entry.techniques;
  return resolvedTechniques(own, config.techniques);
}
