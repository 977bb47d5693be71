import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { CheckpointError } from '../files/checkpointError.ts';
import { readJson } from '../files/json.ts';
import { CONFIG_FILE } from './checkpointConfig.ts';
import { fieldsOf, tokenId } from './fields.ts';

export const GENERATION_FILE = 'generation_config.json';

/** What a checkpoint says of how it generates. */
export interface GenerationConfig {
  /** Each of these tokens ends a text; perhaps none is named. */
  readonly endIds: readonly number[];
  /** generation_config.json; null where there is none. */
  readonly json: Readonly<Record<string, unknown>> | null;
}

const endsSchema = z.object({
  eos_token_id: z.union([tokenId.transform((id) => [id]), z.array(tokenId)]).nullish(),
});

/**
 * Reads generation_config.json, and config.json for what is not said there.
 * @throws CheckpointError naming the file that is broken
 */
export async function readGenerationConfig(folder: string): Promise<GenerationConfig> {
  const file = path.join(folder, GENERATION_FILE);
  const own = existsSync(file) ? await endsIn(file) : null;
  const { ends } = own?.ends ? own : await endsIn(path.join(folder, CONFIG_FILE));
  return { endIds: ends ?? [], json: own?.json ?? null };
}

async function endsIn(file: string) {
  const json = await readJson(file);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new CheckpointError(`${file} is not a JSON object`);
  }
  const document = { file, json: { ...json } };
  return { json: document.json, ends: fieldsOf(endsSchema, document).eos_token_id };
}
