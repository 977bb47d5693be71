import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../config/schema.ts';
import type {
  CheckpointConfig,
  GenerationConfig,
} from '../../hub/architecture/checkpointConfig.ts';
import type { LoraConfig } from '../../hub/peft.ts';
import {
  adapterCheckpoint,
  type CheckpointFormat,
  fullCheckpoint,
} from '../../nn/checkpointFormat.ts';
import type { SupervisedTask } from '../../nn/module/loss.ts';
import { defaultTargets } from '../../nn/parameters/source.ts';
import type { TextInputs } from './pretrained.ts';

/** Tokenizer files that transformers reads; a checkpoint need not have all of them. */
const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
];

/** Names of transformers' classes, without the ending ForSequenceClassification or ForCausalLM. */
const CLASS_NAMES = {
  bert: 'Bert',
  roberta: 'Roberta',
  distilbert: 'DistilBert',
  gpt2: 'GPT2',
  llama: 'Llama',
  qwen2: 'Qwen2',
} as const;

/** The files of a run's checkpoints: adapters in PEFT's format, whole models in transformers'. */
export function savedFiles({ config, pretrained, data }: TextInputs): CheckpointFormat {
  const { adapter } = config.model;
  const { folder, name, revision, padId, generation } = pretrained;
  const { modelType, json } = pretrained.config;
  const generates = config.task === 'generation';
  const ends = generation && endsOf(generation);
  const companions = {
    json: {
      ...json,
      architectures: [
        CLASS_NAMES[modelType] + (generates ? 'ForCausalLM' : 'ForSequenceClassification'),
      ],
      dtype: 'float32',
      torch_dtype: 'float32',
      // transformers needs it to find the last token of an example.
      ...(!generates && { pad_token_id: json.pad_token_id ?? padId }),
      ...(config.task !== 'generation' && outputsOf(config.task, data.classes)),
      ...ends,
    },
    generation: generation && { ...generation.json, ...ends },
    tokenizer: TOKENIZER_FILES.map((file) => path.join(folder, file)).filter(existsSync),
  };
  if (!adapter) return fullCheckpoint(companions);
  return adapterCheckpoint(companions, {
    lora: loraOf(adapter, pretrained.config),
    base: name,
    revision,
    taskType: generates ? 'CAUSAL_LM' : 'SEQ_CLS',
    fanInFanOut: modelType === 'gpt2',
  });
}

/** End tokens, as transformers' config.json has them. */
function endsOf({ endIds }: GenerationConfig) {
  return { eos_token_id: endIds.length > 1 ? endIds : (endIds[0] ?? null) };
}

/** A head's outputs, as transformers' config.json has them. */
function outputsOf(task: SupervisedTask, classes: readonly string[]) {
  const names = task === 'classification' ? classes : ['LABEL_0'];
  return {
    problem_type: task === 'classification' ? 'single_label_classification' : 'regression',
    id2label: Object.fromEntries(names.map((name, i) => [String(i), name])),
    label2id: Object.fromEntries(names.map((name, i) => [name, i])),
  };
}

/** LoRA settings of a config; without `targets`, the architecture's default layers. */
export function loraOf(
  { lora }: NonNullable<Config['model']['adapter']>,
  { modelType }: CheckpointConfig,
): LoraConfig {
  return { ...lora, targets: lora.targets ?? defaultTargets[modelType] };
}
