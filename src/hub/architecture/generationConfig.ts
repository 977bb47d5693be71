import { existsSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { readJsonObject } from '../checkpointFile.ts';
import { CONFIG_FILE } from './checkpointConfig.ts';
import { fieldsOf, tokenId } from './fields.ts';

export const GENERATION_CONFIG_FILE = 'generation_config.json';

/** The generation settings of a checkpoint. */
export interface GenerationConfig {
  /** Tokens that each end a text, the tokenizer's end-of-text token included. */
  readonly endIds: readonly number[];
  /** generation_config.json, or null without one. */
  readonly json: Readonly<Record<string, unknown>> | null;
}

const endsSchema = z.object({
  eos_token_id: z.union([tokenId.transform((id) => [id]), z.array(tokenId)]).nullish(),
});

/**
 * Reads generation_config.json, with config.json for fields that it lacks.
 * @param eosId the tokenizer's end-of-text token
 * @throws CheckpointError naming the invalid file
 */
export async function readGenerationConfig(
  folder: string,
  eosId: number | null,
): Promise<GenerationConfig> {
  const file = path.join(folder, GENERATION_CONFIG_FILE);
  const generation = existsSync(file) ? await readEndIds(file) : null;
  const endIds = generation?.endIds ?? (await readEndIds(path.join(folder, CONFIG_FILE))).endIds;
  const all = new Set([...(endIds ?? []), ...(eosId === null ? [] : [eosId])]);
  return { endIds: [...all], json: generation?.json ?? null };
}

async function readEndIds(file: string) {
  const json = await readJsonObject(file);
  return { json, endIds: fieldsOf(endsSchema, { file, json }).eos_token_id };
}

/** The field of config.json and generation_config.json with the end tokens. */
export function endIdsJson({ endIds }: Pick<GenerationConfig, 'endIds'>) {
  return { eos_token_id: endIds.length > 1 ? endIds : (endIds[0] ?? null) };
}

/** The generation_config.json of a trained checkpoint. */
export function generationJson({ endIds, json }: GenerationConfig) {
  return { ...json, ...endIdsJson({ endIds }) };
}
