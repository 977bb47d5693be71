import { existsSync } from 'node:fs';
import path from 'node:path';
import type { GenerationConfig } from '../../hub/architecture/generationConfig.ts';
import type { SupervisedTask } from '../../nn/module/loss.ts';
import { adapterFiles, type Files, wholeFiles } from '../../nn/transformerFiles.ts';
import { loraOf } from './lora.ts';
import type { TextSetting } from './setting.ts';

/** Beside the weights, what transformers reads of a tokenizer; not every checkpoint has all of them. */
const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
];

/** transformers' classes, but for what they are called before …ForSequenceClassification or …ForCausalLM. */
const CLASS_NAMES = {
  bert: 'Bert',
  roberta: 'Roberta',
  distilbert: 'DistilBert',
  gpt2: 'GPT2',
  llama: 'Llama',
  qwen2: 'Qwen2',
} as const;

/** How the checkpoints of a run are kept: adapters as peft's, else whole as transformers'. */
export function savedAs({ config, checkpoint, data }: TextSetting): Files {
  const { adapter } = config.model;
  const { folder, name, revision, padId, generation } = checkpoint;
  const { modelType, json } = checkpoint.config;
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
      // Without it transformers cannot tell the last token of an example from padding.
      ...(!generates && { pad_token_id: json.pad_token_id ?? padId }),
      ...(config.task !== 'generation' && outputsOf(config.task, data.classes)),
      ...ends,
    },
    generation: generation && { ...generation.json, ...ends },
    tokenizer: TOKENIZER_FILES.map((file) => path.join(folder, file)).filter(existsSync),
  };
  if (!adapter) return wholeFiles(companions);
  return adapterFiles(companions, {
    lora: loraOf(adapter, checkpoint.config),
    base: name,
    revision,
    taskType: generates ? 'CAUSAL_LM' : 'SEQ_CLS',
    fanInFanOut: modelType === 'gpt2',
  });
}

/** What transformers reads of the tokens that end a text. */
function endsOf({ endIds }: GenerationConfig) {
  return { eos_token_id: endIds.length > 1 ? endIds : (endIds[0] ?? null) };
}

/** What transformers reads of a head's outputs. */
function outputsOf(task: SupervisedTask, classes: readonly string[]) {
  const names = task === 'classification' ? classes : ['LABEL_0'];
  return {
    problem_type: task === 'classification' ? 'single_label_classification' : 'regression',
    id2label: Object.fromEntries(names.map((name, i) => [String(i), name])),
    label2id: Object.fromEntries(names.map((name, i) => [name, i])),
  };
}
