import { existsSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { CONFIG_FILE } from '../architecture/checkpointConfig.ts';
import { readJson, validate } from '../checkpointFile.ts';

/** Names special tokens in checkpoints whose tokenizer_config.json does not. */
export const SPECIAL_TOKENS_FILE = 'special_tokens_map.json';
/** Ids of added tokens, in checkpoints of older versions. */
export const ADDED_TOKENS_FILE = 'added_tokens.json';

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
  /** Of text that the vocabulary lacks; null or undefined if there is none. */
  readonly unkId?: number | null;
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
 * Finds the ids of padding, end-of-text and beginning-of-text tokens: those that the tokenizer names; some checkpoints only have
 * the ids, in config.json.
 * @param nameOf returns the token of a key such as `pad_token`; undefined if the tokenizer does not name it
 * @param idOf returns a token's id; undefined if the vocabulary lacks it
 */
export async function readSpecialIds(
  folder: string,
  nameOf: (key: string) => string | undefined,
  idOf: (token: string) => number | undefined,
): Promise<SpecialIds> {
  const file = path.join(folder, CONFIG_FILE);
  const ids = existsSync(file) ? validate(idsSchema, file, await readJson(file)) : undefined;
  const find = (key: 'pad' | 'eos' | 'bos') => {
    const name = nameOf(`${key}_token`);
    const known = name === undefined ? undefined : idOf(name);
    return known ?? ids?.[`${key}_token_id`] ?? null;
  };
  return { padId: find('pad'), eosId: find('eos'), bosId: find('bos') };
}
