import type { Device, TorchDevice } from '../backends/device.ts';
import { MAX_MEMORY_LIMIT, memoryLimit } from '../backends/wasm/sharedMemory.ts';
import { maxLengthOf, readsTexts, trainsTransformer } from '../config/data.ts';
import type { Config } from '../config/schema.ts';
import { aggregators } from '../engine/aggregators/registry.ts';
import type { AggregationSettings } from '../engine/types.ts';
import type { RunFailure } from '../runs/failure.ts';

/** The step that ran out of memory, and smaller ones to try. */
interface BatchProbe {
  batchOf(step: number): { examples: number; tokens: number | null; groups: number };
  /** Whether a step with `size` of its examples, the longest, fits into memory. */
  fits(step: number, size: number): Promise<boolean>;
}

type Hardware = Pick<Context, 'config' | 'device'>;

interface Context {
  /** Id of the run. */
  readonly run: string;
  readonly config: Config;
  readonly device: Device | TorchDevice;
  readonly aggregation: AggregationSettings;
}

/**
 * Describes a step that ran out of memory: its size, the largest batch that fits, and settings that need less memory.
 *
 * The batch size is found by running smaller steps, so training cannot continue with the same trainer.
 *
 * @param error from the device
 */
export async function outOfMemoryInStep(
  step: number,
  error: Error,
  context: Context,
  trainer: BatchProbe,
): Promise<RunFailure> {
  const { config, device } = context;
  const { examples, tokens, groups } = trainer.batchOf(step);
  const size = tokens === null ? `${examples} examples` : `${examples} × ${tokens} tokens`;
  const passes = config.groups.backward === 'accumulate' ? ', one pass per group' : '';
  const smallest = smallestBatch(config);
  const fitting = await largestFittingBatch(step, examples, smallest, trainer);
  const fits =
    fitting === null ? `Even a batch of ${smallest} does not fit` : `A batch of ${fitting} fits`;
  const canCheckpoint = trainsTransformer(config) && !config.model.checkpointing;
  return {
    code: 'outOfMemory',
    message: `Out of memory at step ${step} (batch of ${size}, ${groups} groups${passes}): ${causeOf(error, device)}`,
    advice: [fits, forNewRun(memorySavings(context)), toContinue(context, canCheckpoint)].join(
      '. ',
    ),
    ...(canCheckpoint && { remedy: 'checkpointing' }),
  };
}

/** Describes a validation that ran out of memory even with one example at a time. */
export function outOfMemoryInValidation(step: number, error: Error, context: Context): RunFailure {
  const { config, device } = context;
  const settings = readsTexts(config.data) ? [forNewRun([shorterTexts(config)])] : [];
  return {
    code: 'outOfMemory',
    message: `Out of memory in the validation at step ${step}: ${causeOf(error, device)}`,
    // Checkpointing saves memory for the backward pass only.
    advice: [...settings, toContinue(context, false)].join('. '),
  };
}

/** For a model, or a run's last checkpoint, that does not fit into memory before the first batch. */
export function outOfMemoryWhileLoading(
  what: 'model' | 'checkpoint',
  error: Error,
  context: Context,
): RunFailure {
  const { config, device } = context;
  const content = what === 'model' ? '' : ' (parameters and optimizer state)';
  // The optimizer's state is proportional to the trained parameters.
  const canAdapt = what === 'checkpoint' && trainsTransformer(config) && !config.model.adapter;
  const options = [
    ...(canAdapt ? ['model.adapter: { lora: {} }'] : []),
    smallerModelAdvice(context),
  ];
  return {
    code: 'outOfMemory',
    message: `Out of memory while loading the ${what}${content}: ${causeOf(error, device)}`,
    advice: [`Use ${options.join(', ')}`, toContinue(context, false)].join('. '),
  };
}

/** What to change if the parameters alone do not fit. */
export function smallerModelAdvice({ config, device }: Hardware): string {
  const smaller = config.model.from ? 'a smaller model' : 'smaller layers, or fewer';
  const isLimited = device.backend === 'wasm' && memoryLimit() < MAX_MEMORY_LIMIT;
  const more = isLimited
    ? `a higher GRAIN_MEMORY, up to ${MAX_MEMORY_LIMIT / 2 ** 20} MiB`
    : 'a device with more memory';
  return `${smaller}, or ${more}`;
}

/** Halves the batch until a step fits. Null if none does. */
async function largestFittingBatch(
  step: number,
  examples: number,
  smallest: number,
  trainer: BatchProbe,
): Promise<number | null> {
  for (let size = examples; size > smallest; ) {
    size = Math.max(Math.floor(size / 2), smallest);
    if (await trainer.fits(step, size)) return size;
  }
  return null;
}

/** One example per group, if batches are divided into a fixed number of groups. */
function smallestBatch({ groups: { by, count }, batchSize }: Config): number {
  const isCounted = by === 'microbatch' || by === 'random' || by === 'length';
  return isCounted ? Math.min(count, batchSize) : 1;
}

function causeOf(error: Error, { memory }: Context['device']): string {
  const limit = memory === undefined ? '' : ` (limit: ${memory / 2 ** 20} MiB)`;
  return `${error.message}${limit}`;
}

/** Settings that need less memory for the same batch, those with the least other effects first. */
function memorySavings({ config, aggregation }: Context): string[] {
  const { model, groups } = config;
  const { decidedBy, weighsBySizes } = aggregators[aggregation.name];
  const storesAll = aggregation.guard !== null || (decidedBy === 'gram' && !weighsBySizes);
  const ofTransformers = [
    // Otherwise a grouped pass stores the gradients of one block at a time, and a pass per group would store those of all.
    ...(groups.backward === 'grouped' && (model.adapter || storesAll)
      ? ['groups.backward: accumulate']
      : []),
    ...(model.checkpointing ? [] : ['model.checkpointing: true']),
    ...(model.adapter ? [] : ['model.adapter: { lora: {} }']),
    ...(storesAll && !model.adapter ? ['aggregate: [grain-layerwise]'] : []),
    ...(readsTexts(config.data) ? [shorterTexts(config)] : []),
  ];
  return [
    ...(trainsTransformer(config) ? ofTransformers : []),
    // Gradients of adapters are small, however many groups there are.
    ...(model.adapter ? [] : ['fewer groups']),
  ];
}

/** Except for checkpointing, these settings change the results, and so need a new run. */
function forNewRun(settings: readonly string[]): string {
  return `Settings that need less memory, for a new run: ${settings.join(', ')}`;
}

function toContinue({ run }: Context, checkpointing: boolean): string {
  return checkpointing
    ? `To continue with less memory: grain run --resume ${run} --checkpointing`
    : `To continue when more memory is available: grain run --resume ${run}`;
}

function shorterTexts(config: Config): string {
  const keys =
    config.task === 'generation' ? 'data.maxLength and data.maxNewTokens' : 'data.maxLength';
  return `${keys} below ${maxLengthOf(config)}`;
}
