import { tfjsOperations } from '../../backends/operations/tfjsOperations.ts';
import type { LossShape } from '../../config/techniques/description.ts';
import { noiseOf } from '../../config/techniques/registry.ts';
import { openSafetensors } from '../../hub/safetensors/safetensors.ts';
import { causalDecoder, sequenceDecoder } from '../../nn/decoders/build.ts';
import { CausalModel } from '../../nn/decoders/causalModel.ts';
import { sequenceEncoder } from '../../nn/encoders/sequenceEncoder.ts';
import type { NetworkParameters } from '../../nn/parameters/networkParameters.ts';
import { addNoise } from '../../nn/parameters/noise.ts';
import type { CheckpointSource, FineTuningPlan } from '../../nn/parameters/source.ts';
import { SequenceModel } from '../../nn/sequenceModel.ts';
import { TransformerModel } from '../../nn/transformerModel.ts';
import type { LearnerOptions } from '../learner.ts';
import { trainingLoss } from '../objective/lossShape.ts';
import { positionsIn } from './checkTexts.ts';
import { GenerationObjective } from './generationObjective.ts';
import type { PretrainedClassifier, PretrainedGenerator, TextInputs } from './pretrained.ts';
import { loraOf, savedFiles } from './savedFiles.ts';
import { type SavedHead, savedHead, withReorderedOutputs } from './savedHead.ts';
import { SequenceObjective } from './sequenceObjective.ts';
import type { TextObjective, TextObjectiveOptions } from './textObjective.ts';

/** Of any network. */
export type Source = Omit<CheckpointSource<unknown>, 'config'>;

interface Options extends TextObjectiveOptions {
  /** Null: the task's own. */
  readonly loss: LossShape | null;
  /** On pretrained tensors, relative to the spread of their values; null: none. */
  readonly noise: number | null;
}

/**
 * The objective of one run, before its first step.
 *
 * The seed's `init` seeds fresh weights, its `order` dropout.
 *
 * @throws ModelError where checkpoint, config and data do not fit together
 */
export async function buildTextObjective(
  inputs: TextInputs,
  { seed: { init, order }, aggregation }: Pick<LearnerOptions, 'seed' | 'aggregation'>,
): Promise<TextObjective> {
  const { config, pretrained, data } = inputs;
  const head = savedHead(pretrained.config, config, data.classes);
  const tensors = await openSafetensors(pretrained.folder);
  try {
    const source = {
      tensors: head.order ? withReorderedOutputs(tensors, head.order) : tensors,
      file: pretrained.folder,
      plan: planOf(inputs, head, init),
      checkpointing: config.model.checkpointing,
    };
    const { techniques = {} } = aggregation;
    const options = {
      seed: order,
      accumulates: config.groups.backward === 'accumulate',
      loss: trainingLoss(aggregation, data),
      noise: noiseOf(techniques),
    };
    return await (pretrained.task === 'generation'
      ? generationObjective({ ...inputs, pretrained }, source, options)
      : sequenceObjective({ ...inputs, pretrained }, source, options));
  } finally {
    await tensors.close();
  }
}

async function sequenceObjective(
  inputs: TextInputs<PretrainedClassifier>,
  source: Source,
  options: Options,
): Promise<SequenceObjective> {
  const { pretrained, data, device } = inputs;
  const { config, task } = pretrained;
  const { network, parameters } = await sequenceNetwork(pretrained, data.classes.length, source);
  await disturb(parameters, options, source);
  const model = new TransformerModel(parameters, [], savedFiles(inputs));
  const operations = device.operations ?? tfjsOperations;
  const sequence = new SequenceModel(operations, network, task, positionsIn(config));
  return new SequenceObjective(model, sequence, inputs, options, options.loss);
}

/** @param classes number of them; 0 if the task has none */
export function sequenceNetwork(
  { config, task }: PretrainedClassifier,
  classes: number,
  source: Source,
) {
  const outputs = task === 'classification' ? classes : 1;
  return config.kind === 'encoder'
    ? sequenceEncoder({ ...source, config }, outputs)
    : sequenceDecoder({ ...source, config }, outputs);
}

async function generationObjective(
  inputs: TextInputs<PretrainedGenerator>,
  source: Source,
  options: Options,
): Promise<GenerationObjective> {
  const { device } = inputs;
  const { config } = inputs.pretrained;
  const { network, parameters } = await causalDecoder({ ...source, config });
  await disturb(parameters, options, source);
  const tied = network.isTied ? [network.head] : [];
  const model = new TransformerModel(parameters, tied, savedFiles(inputs));
  const causal = new CausalModel(device.operations ?? tfjsOperations, network, positionsIn(config));
  return new GenerationObjective(model, causal, inputs, options);
}

async function disturb(
  { all }: NetworkParameters,
  { noise }: Options,
  { plan }: Source,
): Promise<void> {
  if (noise !== null) await addNoise(all, noise, plan.seed);
}

/** @param seed of fresh weights */
export function planOf(
  { config, pretrained }: Pick<TextInputs, 'config' | 'pretrained'>,
  head: SavedHead,
  seed: number,
): FineTuningPlan {
  const { freeze, reinitialize, adapter } = config.model;
  return {
    freeze,
    reinitialize,
    lora: adapter?.lora ? loraOf(adapter.lora, pretrained.config) : null,
    newHead: config.task !== 'generation' && head.order === null,
    seed,
  };
}
