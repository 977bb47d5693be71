import { composed } from '../../backends/operations/composed.ts';
import type { DecoderConfig } from '../../hub/architecture/checkpointConfig.ts';
import { openSafetensors } from '../../hub/safetensors/safetensors.ts';
import { causalDecoder, sequenceDecoder } from '../../nn/decoders/build.ts';
import { CausalModel } from '../../nn/decoders/causalModel.ts';
import { sequenceEncoder } from '../../nn/encoders/build.ts';
import type { CheckpointSource } from '../../nn/layers/checkpointSource.ts';
import type { Plan } from '../../nn/layers/plan.ts';
import type { SupervisedTask } from '../../nn/module/loss.ts';
import { SequenceModel } from '../../nn/sequenceModel.ts';
import { TransformerModel } from '../../nn/transformerModel.ts';
import type { Seed } from '../../runs/manifest.ts';
import { GenerationLearner } from './generationLearner.ts';
import { positionsIn } from './lengths.ts';
import { loraOf } from './lora.ts';
import { savedAs } from './savedAs.ts';
import { type SavedHead, savedHead, withOutputs } from './savedHead.ts';
import { SequenceLearner } from './sequenceLearner.ts';
import type { TextSetting } from './setting.ts';
import { TextObjective } from './textObjective.ts';

/**
 * A transformer before its first step, and what it is to learn.
 *
 * @param seed `init` of fresh weights, `order` of what is dropped
 * @throws ModelError where checkpoint, config and data do not go together
 */
export async function textObjective(
  setting: TextSetting,
  { init, order }: Seed,
): Promise<TextObjective> {
  const { config, checkpoint, data } = setting;
  const head = savedHead(checkpoint.config, config, data.classes);
  const tensors = await openSafetensors(checkpoint.folder);
  try {
    const source = {
      tensors: head.order ? withOutputs(tensors, head.order) : tensors,
      file: checkpoint.folder,
      plan: planOf(setting, head, init),
      checkpointing: config.model.checkpointing,
    };
    const { model, learner } = await (config.task === 'generation'
      ? generator(setting, source)
      : predictor(setting, source, config.task));
    const accumulates = config.groups.backward === 'accumulate';
    return new TextObjective(model, learner, { seed: order, accumulates });
  } finally {
    await tensors.close();
  }
}

type Source = Omit<CheckpointSource<unknown>, 'config'>;

async function predictor(setting: TextSetting, source: Source, task: SupervisedTask) {
  const { checkpoint, data, device } = setting;
  const { config, padId } = checkpoint;
  const outputs = task === 'classification' ? data.classes.length : 1;
  const { network, parameters } =
    config.kind === 'encoder'
      ? await sequenceEncoder({ ...source, config }, outputs)
      : await sequenceDecoder({ ...source, config }, outputs);
  const model = new TransformerModel(parameters, [], savedAs(setting));
  const sequence = new SequenceModel(
    device.operations ?? composed,
    network,
    task,
    positionsIn(config),
  );
  return { model, learner: new SequenceLearner(sequence, data, task, { padId, device }) };
}

async function generator(setting: TextSetting, source: Source) {
  const { checkpoint, device } = setting;
  // `openCheckpoint` refuses encoders that are to generate.
  const config = checkpoint.config as DecoderConfig;
  const { network, parameters } = await causalDecoder({ ...source, config });
  const tied = config.tiedEmbeddings ? [network.head] : [];
  const model = new TransformerModel(parameters, tied, savedAs(setting));
  const causal = new CausalModel(device.operations ?? composed, network, config.maxPositions);
  return { model, learner: new GenerationLearner(causal, setting) };
}

function planOf({ config, checkpoint }: TextSetting, head: SavedHead, seed: number): Plan {
  const { freeze, reinitialize, adapter } = config.model;
  return {
    freeze,
    reinitialize,
    lora: adapter ? loraOf(adapter, checkpoint.config) : null,
    newHead: config.task !== 'generation' && head.order === null,
    seed,
  };
}
