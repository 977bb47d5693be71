import type { Config } from '../../config/schema.ts';
import { endIdsJson, type GenerationConfig } from './generationConfig.ts';
import type { CheckpointConfig, ModelType } from './networkConfig.ts';

/** Names of transformers' classes, without the ending ForSequenceClassification or ForCausalLM. */
const classPrefixes: Readonly<Record<ModelType, string>> = {
  bert: 'Bert',
  roberta: 'Roberta',
  distilbert: 'DistilBert',
  gpt2: 'GPT2',
  llama: 'Llama',
  mistral: 'Mistral',
  qwen2: 'Qwen2',
  qwen3: 'Qwen3',
};

/** What a network was trained for. */
interface Training {
  readonly task: Config['task'];
  /** Names of the classes, in the order of the head's outputs; empty unless the task is classification. */
  readonly classes: readonly string[];
  readonly padId: number;
  /** null unless the task is generation. */
  readonly generation: GenerationConfig | null;
}

/** The config.json of a trained checkpoint: that of the checkpoint it started from, with the head and the dtype of the new weights. */
export function trainedConfigJson(
  { modelType, json }: Pick<CheckpointConfig, 'modelType' | 'json'>,
  { task, classes, padId, generation }: Training,
): Readonly<Record<string, unknown>> {
  const head = task === 'generation' ? 'ForCausalLM' : 'ForSequenceClassification';
  return {
    ...json,
    architectures: [classPrefixes[modelType] + head],
    dtype: 'float32',
    torch_dtype: 'float32',
    ...(task !== 'generation' && {
      // transformers needs it to find the last token of an example.
      pad_token_id: json.pad_token_id ?? padId,
      ...outputsJson(task, classes),
    }),
    ...(generation && endIdsJson(generation)),
  };
}

function outputsJson(task: 'classification' | 'regression', classes: readonly string[]) {
  const names = task === 'classification' ? classes : ['LABEL_0'];
  return {
    problem_type: task === 'classification' ? 'single_label_classification' : 'regression',
    id2label: Object.fromEntries(names.map((name, i) => [String(i), name])),
    label2id: Object.fromEntries(names.map((name, i) => [name, i])),
  };
}
