import path from 'node:path';
import { z } from 'zod';
import { CheckpointError } from '../files/checkpointError.ts';
import { readJson } from '../files/json.ts';
import { gpt2Config, llamaConfig, qwen2Config } from './decoders.ts';
import type { CheckpointConfig, DecoderConfig, EncoderConfig } from './description.ts';
import { bertConfig, distilbertConfig } from './encoders.ts';
import { type Document, fieldsOf } from './fields.ts';

export type {
  CheckpointConfig,
  DecoderConfig,
  EncoderConfig,
  ModelType,
  RopeConfig,
} from './description.ts';

export const CONFIG_FILE = 'config.json';

/** Readers of what is built here, by `model_type`. */
const networks: Readonly<Record<string, (document: Document) => EncoderConfig | DecoderConfig>> = {
  bert: (document) => bertConfig('bert', document),
  roberta: (document) => bertConfig('roberta', document),
  camembert: (document) => bertConfig('camembert', document),
  'xlm-roberta': (document) => bertConfig('xlm-roberta', document),
  distilbert: distilbertConfig,
  gpt2: gpt2Config,
  llama: llamaConfig,
  qwen2: qwen2Config,
};

/**
 * Describes the network of a checkpoint. What config.json leaves out is as transformers' config classes have it.
 * @throws CheckpointError if config.json is missing or broken, and by name for a network that is not built here
 */
export async function readCheckpointConfig(folder: string): Promise<CheckpointConfig> {
  const file = path.join(folder, CONFIG_FILE);
  const json = await readJson(file);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new CheckpointError(`${file} is not a JSON object`);
  }
  const document: Document = { file, json: { ...json } };
  const type = document.json.model_type;
  if (typeof type !== 'string' || !Object.hasOwn(networks, type)) {
    const found =
      type === undefined
        ? 'there is no model_type'
        : `model_type ${JSON.stringify(type)} is not supported`;
    throw new CheckpointError(
      `${file}: ${found}. Supported are ${Object.keys(networks).join(', ')}; MiniLM and its like are bert`,
    );
  }
  if (document.json.quantization_config) {
    throw new CheckpointError(
      `${file}: the checkpoint is quantised and cannot be trained; take the one it was made from`,
    );
  }
  return { ...networks[type]!(document), json: document.json, classes: classesOf(document) };
}

const headSchema = z.object({
  architectures: z.array(z.string()).nullish(),
  id2label: z.record(z.string(), z.string()).nullish(),
  num_labels: z.int().positive().default(2),
});

/** transformers leaves `id2label` out for two labels without names. */
function classesOf(document: Document): readonly string[] | null {
  const { architectures, id2label, num_labels } = fieldsOf(headSchema, document);
  if (!architectures?.some((name) => name.endsWith('ForSequenceClassification'))) return null;
  if (!id2label) return Array.from({ length: num_labels }, (_, i) => `LABEL_${i}`);
  const names = Object.keys(id2label).map((_, i) => id2label[i]);
  if (names.some((name) => name === undefined)) {
    throw new CheckpointError(
      `${document.file}: id2label names ${Object.keys(id2label).join(', ')}, expected are names for 0 to ${names.length - 1}`,
    );
  }
  return names as string[];
}
