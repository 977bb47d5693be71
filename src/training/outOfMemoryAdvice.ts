import type { Device } from '../backends/device.ts';
import { LARGEST_LIMIT, memoryLimit } from '../backends/wasm/memoryLimit.ts';
import type { Aggregation } from '../config/aggregation.ts';
import { maxLengthOf, readsTexts } from '../config/data.ts';
import type { Config } from '../config/schema.ts';
import { aggregators } from '../engine/aggregators/registry.ts';
import type { RunFailure } from '../runs/failure.ts';

/** Of a trainer, what batches are looked at and tried with. */
interface Tried {
  batchOf(step: number): { examples: number; tokens: number | null; groups: number };
  /** Whether there is room for a step with so many of its examples. */
  fits(step: number, size: number): Promise<boolean>;
}

/** Where memory did not suffice. */
interface Place {
  /** Id of the run. */
  readonly run: string;
  readonly config: Config;
  readonly device: Device;
  readonly aggregation: Aggregation;
  readonly trainer: Tried;
}

/**
 * What a user is to know of a step that found no room: what it was, how much room there is, and the batch size that would fit.
 * That one is found by trying, so training cannot go on from where it is.
 */
export async function shortageInStep(
  step: number,
  error: Error,
  place: Place,
): Promise<RunFailure> {
  const { config, trainer, device } = place;
  const { examples, tokens, groups } = trainer.batchOf(step);
  const length = tokens === null ? '' : ` of ${tokens} tokens, padding included`;
  const passes = config.groups.backward === 'accumulate' ? ', a pass each' : '';
  const batch = `The batch was ${examples} examples${length}, in ${groups} groups${passes}`;
  const least = leastBatch(config);
  const size = await largestThatFits(step, examples, least, trainer);
  const fits =
    size === null
      ? `With batchSize: ${least} there is no room either`
      : `With batchSize: ${size} the step went through, tried on the longest of these examples`;
  const what = `step ${step}: out of memory: ${error.message}${roomOn(device)}`;
  const canSave = readsTexts(config.data) && !config.model.checkpointing;
  return {
    code: 'outOfMemory',
    message: [what, batch, fits].join('. '),
    advice: [savingsOf(place), toGoOn(place, canSave)].join('. '),
    ...(canSave && { remedy: 'checkpointing' }),
  };
}

/** As `shortageInStep`, where examples go through one by one if need be. */
export function shortageInValidation(step: number, error: Error, place: Place): RunFailure {
  const { config, device } = place;
  const message = `validation at step ${step}: out of memory: ${error.message}${roomOn(device)}`;
  const hint = readsTexts(config.data) ? [`What needs less memory: ${lessText(config)}`] : [];
  // Checkpointing saves what is kept for the way back, and here is none.
  const advice = [...hint, toGoOn(place, false)].join('. ');
  return { code: 'outOfMemory', message, advice };
}

/** What is known before there is a trainer. */
type Setting = Pick<Place, 'config' | 'device'>;

/** As `shortageInStep`, where there was no batch yet: the model was made, or the run's last checkpoint was read. */
export function shortageInOpening(
  what: 'model' | 'checkpoint',
  error: Error,
  setting: Setting,
): RunFailure {
  const { config, device } = setting;
  const said = `${error.message}${roomOn(device)}`;
  const goOn = 'grain run --resume goes on when there is more memory';
  if (what === 'model') {
    return {
      code: 'outOfMemory',
      message: `out of memory: the parameters alone: ${said}`,
      advice: `What would do: ${roomFor(setting)}. ${goOn}`,
    };
  }
  // What an optimizer remembers is of what is trained.
  const canAdapt = readsTexts(config.data) && !config.model.adapter;
  const less = [...(canAdapt ? ['model.adapter: { lora: {} }'] : []), roomFor(setting)].join(', ');
  const taken = 'the last checkpoint, parameters and what the optimizer remembers of them';
  return {
    code: 'outOfMemory',
    message: `out of memory: ${taken}: ${said}`,
    advice: `What would do: ${less}. ${goOn}; another model needs a new run`,
  };
}

/** What would do where the parameters alone find no room. */
export function roomFor({ config, device }: Setting): string {
  const smaller = config.model.from ? 'a smaller model' : 'smaller layers, or fewer';
  const isLimited = device.backend === 'wasm' && memoryLimit() < LARGEST_LIMIT;
  const more = isLimited
    ? `a higher GRAIN_MEMORY, up to ${LARGEST_LIMIT / 2 ** 20} MiB`
    : 'a device with more memory';
  return `${smaller}, or ${more}`;
}

/** Halves the batch until a step goes through. Null if none does. */
async function largestThatFits(
  step: number,
  examples: number,
  least: number,
  trainer: Tried,
): Promise<number | null> {
  for (let size = examples; size > least; ) {
    size = Math.max(Math.floor(size / 2), least);
    if (await trainer.fits(step, size)) return size;
  }
  return null;
}

/** One example per group, where batches are cut into a number of groups. */
function leastBatch({ groups: { by, count }, batchSize }: Config): number {
  const isCounted = by === 'microbatch' || by === 'random' || by === 'length';
  return isCounted ? Math.min(count, batchSize) : 1;
}

function roomOn({ memory }: Device): string {
  return memory === undefined ? '' : `, which has ${memory / 2 ** 20} MiB on this device`;
}

/** Settings that take less memory for the same batch, those that cost least of anything else first. */
function savingsOf({ config, aggregation }: Place): string {
  const { model, groups } = config;
  const { decidedBy, weighsBySizes } = aggregators[aggregation.name];
  const keepsAll = decidedBy === 'gram' && !weighsBySizes;
  const ofTransformers = [
    // Elsewhere one pass keeps the gradients of one block at a time, and a pass per group would keep those of all.
    ...(groups.backward === 'grouped' && (model.adapter || keepsAll)
      ? ['groups.backward: accumulate']
      : []),
    ...(model.checkpointing ? [] : ['model.checkpointing: true']),
    ...(model.adapter ? [] : ['model.adapter: { lora: {} }']),
    ...(keepsAll && !model.adapter ? ['aggregate: [grain-layerwise]'] : []),
    lessText(config),
  ];
  const all = [
    ...(readsTexts(config.data) ? ofTransformers : []),
    // Gradients of adapters are small, however many groups there are.
    ...(model.adapter ? [] : ['fewer groups']),
  ];
  return `What needs less memory: ${all.join(', ')}`;
}

/** Other settings than checkpointing change the results, if by what is dropped alone: they are for a new run. */
function toGoOn({ run }: Place, checkpointing: boolean): string {
  const how = checkpointing ? ' --checkpointing' : ' when there is more memory';
  return `From the last checkpoint the run goes on by grain run --resume ${run}${how}; other settings need a new run`;
}

function lessText(config: Config): string {
  const fewer = config.task === 'generation' ? ' and data.maxNewTokens' : '';
  return `a data.maxLength${fewer} below ${maxLengthOf(config)}`;
}
