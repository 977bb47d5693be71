import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { CONFIG_FILE } from '../architecture/checkpointConfig.ts';
import { readJson, validate } from '../checkpointFile.ts';

/** Names special tokens in checkpoints whose tokenizer_config.json does not. */
export const SPECIAL_TOKENS_FILE = 'special_tokens_map.json';
/** Ids of added tokens, in checkpoints of older versions. */
export const ADDED_TOKENS_FILE = 'added_tokens.json';

const token = z
  .union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)])
  .nullish();

export const specialTokensSchema = z.object({
  pad_token: token,
  eos_token: token,
  bos_token: token,
});
type SpecialTokens = z.infer<typeof specialTokensSchema>;

const id = z
  .union([z.int(), z.array(z.int()).transform(([first]) => first)])
  .nullish()
  .catch(undefined);
const idsSchema = z.object({ pad_token_id: id, eos_token_id: id, bos_token_id: id });

/** Ids of special tokens; null for those that the checkpoint does not have. */
export interface SpecialIds {
  readonly padId: number | null;
  readonly eosId: number | null;
  readonly bosId: number | null;
}

/**
 * The token id to pad with, which is masked everywhere: that of padding, else of the end of a text, else 0. Some tokenizers name
 * a padding token for which the network has no embedding.
 * @param vocabSize number of the network's embeddings
 */
export function paddingId({ padId, eosId }: SpecialIds, vocabSize: number): number {
  const known = [padId, eosId].find((id) => id !== null && id >= 0 && id < vocabSize);
  return known ?? 0;
}

/**
 * Finds the ids of padding, end-of-text and beginning-of-text tokens: named in tokenizer_config.json or, in older checkpoints, in
 * special_tokens_map.json; some checkpoints only have the ids, in config.json.
 * @param named the tokens of tokenizer_config.json
 * @param idOf returns a token's id; undefined if the vocabulary lacks it
 */
export async function readSpecialIds(
  folder: string,
  named: SpecialTokens,
  idOf: (token: string) => number | undefined,
): Promise<SpecialIds> {
  const older = await readOptional(path.join(folder, SPECIAL_TOKENS_FILE), specialTokensSchema);
  const ids = await readOptional(path.join(folder, CONFIG_FILE), idsSchema);
  const find = (key: 'pad' | 'eos' | 'bos') => {
    const name = named[`${key}_token`] ?? older?.[`${key}_token`];
    const known = name == null ? undefined : idOf(name);
    return known ?? ids?.[`${key}_token_id`] ?? null;
  };
  return { padId: find('pad'), eosId: find('eos'), bosId: find('bos') };
}

async function readOptional<T>(file: string, schema: z.ZodType<T>): Promise<T | undefined> {
  if (!existsSync(file)) return undefined;
  return validate(schema, file, await readJson(file));
}
