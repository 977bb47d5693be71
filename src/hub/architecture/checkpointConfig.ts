import path from 'node:path';
import * as z from 'zod';
import { CheckpointError, readJsonObject } from '../checkpointFile.ts';
import { gpt2Config, llamaConfig, mistralConfig, qwen2Config, qwen3Config } from './decoders.ts';
import { bertConfig, distilbertConfig } from './encoders.ts';
import { type ConfigDocument, fieldsOf } from './fields.ts';
import type { CheckpointConfig, DecoderConfig, EncoderConfig } from './networkConfig.ts';

export type {
  CheckpointConfig,
  DecoderConfig,
  EncoderConfig,
  ModelType,
  RopeConfig,
} from './networkConfig.ts';

export const CONFIG_FILE = 'config.json';

/** Parsers of the supported networks, by `model_type`. */
const parsers: Readonly<
  Record<string, (document: ConfigDocument) => EncoderConfig | DecoderConfig>
> = {
  bert: (document) => bertConfig('bert', document),
  roberta: (document) => bertConfig('roberta', document),
  camembert: (document) => bertConfig('camembert', document),
  'xlm-roberta': (document) => bertConfig('xlm-roberta', document),
  distilbert: distilbertConfig,
  gpt2: gpt2Config,
  llama: llamaConfig,
  mistral: mistralConfig,
  qwen2: qwen2Config,
  qwen3: qwen3Config,
};

/**
 * Reads config.json. Missing fields get the defaults of transformers' config classes.
 * @throws CheckpointError if config.json is missing or invalid, or describes a network that is not supported
 */
export async function readCheckpointConfig(folder: string): Promise<CheckpointConfig> {
  const file = path.join(folder, CONFIG_FILE);
  const document: ConfigDocument = { file, json: await readJsonObject(file) };
  const type = document.json.model_type;
  if (typeof type !== 'string' || !Object.hasOwn(parsers, type)) {
    const found =
      type === undefined
        ? 'model_type is missing'
        : `model_type ${JSON.stringify(type)} is not supported`;
    throw new CheckpointError(
      `${file}: ${found}. Expected one of ${Object.keys(parsers).join(', ')} (MiniLM and similar models are bert)`,
    );
  }
  if (document.json.quantization_config) {
    throw new CheckpointError(
      `${file}: the checkpoint is quantized and cannot be trained. Use the one it was made from`,
    );
  }
  return { ...parsers[type]!(document), json: document.json, classes: classesOf(document) };
}

const headSchema = z.object({
  architectures: z.array(z.string()).nullish(),
  id2label: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String))
    .nullish(),
  num_labels: z.int().positive().default(2),
});

/** Names of the classification head's outputs; transformers omits `id2label` for two unnamed labels. */
export function classesOf(document: ConfigDocument): readonly string[] | null {
  const { architectures, id2label, num_labels } = fieldsOf(headSchema, document);
  if (!architectures?.some((name) => name.endsWith('ForSequenceClassification'))) return null;
  if (!id2label) return Array.from({ length: num_labels }, (_, i) => `LABEL_${i}`);
  const ids = Object.keys(id2label);
  const names = ids.flatMap((_, i) => id2label[i] ?? []);
  if (names.length === ids.length) return names;
  throw new CheckpointError(
    `${document.file}: id2label has the ids ${ids.join(', ')}. Expected 0 to ${ids.length - 1}`,
  );
}
