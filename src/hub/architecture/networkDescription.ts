import path from 'node:path';
import * as z from 'zod';
import { readJsonObject } from '../checkpointFile.ts';
import { CONFIG_FILE, classesOf } from './checkpointConfig.ts';
import { fieldsOf, tokenId } from './fields.ts';

/** What config.json says of a network of any architecture. */
export interface NetworkDescription {
  readonly modelType: string;
  readonly vocabSize: number;
  /** Tokens that it has positions for; infinite if config.json names no limit. */
  readonly positions: number;
  readonly padId: number | null;
  /** Names of the classification head's outputs, in order; null for a checkpoint without such a head. */
  readonly classes: readonly string[] | null;
}

const count = z.int().positive();
const schema = z.object({
  model_type: z.string(),
  vocab_size: count.nullish(),
  pad_token_id: tokenId.nullish(),
  max_position_embeddings: z.int().nullish(),
  n_positions: z.int().nullish(),
});

/** Networks whose `n_positions` limits nothing: their positions are relative. */
const RELATIVE = ['t5', 'mt5', 'umt5', 'longt5'];
/** Networks that begin to count positions after the padding id. */
const AFTER_PADDING = [
  'roberta',
  'camembert',
  'xlm-roberta',
  'xlm-roberta-xl',
  'mpnet',
  'longformer',
];

/** Reads config.json of a network that PyTorch builds. @throws CheckpointError */
export async function readNetworkDescription(folder: string): Promise<NetworkDescription> {
  const file = path.join(folder, CONFIG_FILE);
  const document = { file, json: await readJsonObject(file) };
  const fields = fieldsOf(schema, document);
  const { model_type: modelType, pad_token_id: padId = null } = fields;
  const named = fields.max_position_embeddings ?? fields.n_positions ?? Number.POSITIVE_INFINITY;
  const skipped = AFTER_PADDING.includes(modelType) ? (padId ?? 1) + 1 : 0;
  const isLimited = named > 0 && !RELATIVE.includes(modelType);
  return {
    modelType,
    vocabSize: fields.vocab_size ?? Number.POSITIVE_INFINITY,
    positions: isLimited ? named - skipped : Number.POSITIVE_INFINITY,
    padId,
    classes: classesOf(document),
  };
}
