import type { Config } from '../../config/schema.ts';
import type { CheckpointConfig } from '../../hub/architecture/checkpointConfig.ts';
import { generationJson } from '../../hub/architecture/generationConfig.ts';
import { trainedConfigJson } from '../../hub/architecture/trainedConfig.ts';
import type { LoraConfig } from '../../hub/peft.ts';
import { tokenizerFiles } from '../../hub/tokenizer/tokenizer.ts';
import {
  adapterCheckpoint,
  type CheckpointFormat,
  fullCheckpoint,
} from '../../nn/checkpointFormat.ts';
import { defaultTargets } from '../../nn/parameters/source.ts';
import type { TextInputs } from './pretrained.ts';

/** The files of a run's checkpoints: adapters in PEFT's format, whole models in transformers'. */
export function savedFiles({ config, pretrained, data }: TextInputs): CheckpointFormat {
  const { lora } = config.model.adapter ?? {};
  const { task, folder, name, revision, padId, generation } = pretrained;
  const { classes } = data;
  const companions = {
    json: trainedConfigJson(pretrained.config, { task, classes, padId, generation }),
    generation: generation && generationJson(generation),
    tokenizer: tokenizerFiles(folder),
  };
  if (!lora) return fullCheckpoint(companions);
  return adapterCheckpoint(companions, {
    lora: loraOf(lora, pretrained.config),
    base: name,
    revision,
    taskType: task === 'generation' ? 'CAUSAL_LM' : 'SEQ_CLS',
    fanInFanOut: pretrained.config.modelType === 'gpt2',
  });
}

/** LoRA settings of a config; without `targets`, the architecture's default layers. */
export function loraOf(
  lora: NonNullable<NonNullable<Config['model']['adapter']>['lora']>,
  { modelType }: CheckpointConfig,
): LoraConfig {
  return { ...lora, targets: lora.targets ?? defaultTargets[modelType] };
}
