import { existsSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { type JsonObject, readJsonObject, validate } from '../checkpointFile.ts';
import { type AddedToken, addedTokenSchema, specialToken } from './addedTokens.ts';
import { ADDED_TOKENS_FILE, SPECIAL_TOKENS_FILE } from './specialTokens.ts';

export const TOKENIZER_CONFIG_FILE = 'tokenizer_config.json';
/** Files that change the tokens of a tokenizer.json beside them. */
export const SETTINGS_FILES = [TOKENIZER_CONFIG_FILE, SPECIAL_TOKENS_FILE, ADDED_TOKENS_FILE];

/** What the files beside tokenizer.json say, as transformers 5 puts it together. */
export interface TokenizerSettings {
  /** The content of tokenizer_config.json. */
  readonly config: JsonObject;
  /** Special tokens by key, such as `pad_token`, in the order in which missing ones are added. */
  readonly special: ReadonlyMap<string, AddedToken>;
  /** Further special tokens; null if none are named. */
  readonly extra: readonly AddedToken[] | null;
  /** Added tokens in the order of their ids; null: those of tokenizer.json. */
  readonly added: readonly AddedToken[] | null;
  readonly truncationSide: 'left' | 'right' | null;
  readonly cleansUpSpaces: boolean;
  /** Whether BPE's texts are cleaned up too. */
  readonly cleansUpBpe: boolean;
  /** Whether special tokens in a text are text. */
  readonly splitsSpecial: boolean;
}

/** transformers' order of the special tokens that all tokenizers have. */
const KEYS = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'].map((name) => `${name}_token`);

/** A token by its text, or with flags. */
const token = z.union([z.string().transform(specialToken), addedTokenSchema]);
const flag = z.boolean().nullish();

const schema = z.looseObject({
  truncation_side: z.enum(['left', 'right']).nullish(),
  clean_up_tokenization_spaces: flag,
  clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output: flag,
  split_special_tokens: flag,
  added_tokens_decoder: z.record(z.string().regex(/^\d+$/), addedTokenSchema).nullish(),
  extra_special_tokens: z.union([z.array(token), z.record(z.string(), token)]).nullish(),
  additional_special_tokens: z.array(token).nullish(),
});

/** @throws CheckpointError naming the invalid file */
export async function readTokenizerSettings(folder: string): Promise<TokenizerSettings> {
  const file = path.join(folder, TOKENIZER_CONFIG_FILE);
  const json = await readOptional(file);
  const config = validate(schema, file, json);
  // Files of older versions, which tokenizer_config.json replaces since it has added_tokens_decoder.
  const isNew = Object.hasOwn(json, 'added_tokens_decoder');
  const mapFile = path.join(folder, SPECIAL_TOKENS_FILE);
  const map = isNew ? {} : await readOptional(mapFile);
  const merged = { ...config, ...validate(schema, mapFile, map) };
  const special = specialTokens(file, { ...json, ...map });
  const extras = merged.extra_special_tokens ?? merged.additional_special_tokens ?? null;
  if (extras !== null && !Array.isArray(extras)) {
    for (const [key, value] of Object.entries(extras)) special.set(key, value);
  }
  const extra = Array.isArray(extras) ? extras : null;
  const added = isNew
    ? Object.entries(config.added_tokens_decoder ?? {})
        .sort(([a], [b]) => Number(a) - Number(b))
        .map(([, one]) => one)
    : await olderAddedTokens(folder, [...special.values(), ...(extra ?? [])]);
  return {
    config: json,
    special,
    extra,
    added,
    truncationSide: config.truncation_side ?? null,
    cleansUpSpaces: config.clean_up_tokenization_spaces ?? false,
    cleansUpBpe:
      config.clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output ?? false,
    splitsSpecial: config.split_special_tokens ?? false,
  };
}

/** All `…_token` fields: those that every tokenizer has first, and those of this one. */
function specialTokens(file: string, json: JsonObject): Map<string, AddedToken> {
  const isToken = (value: unknown) =>
    typeof value === 'string' || (typeof value === 'object' && value !== null);
  const own = Object.keys(json).filter((key) => key.endsWith('_token') && !KEYS.includes(key));
  const present = [...KEYS, ...own].filter((key) => isToken(json[key]));
  return new Map(present.map((key) => [key, validate(token, `${file}: ${key}`, json[key])]));
}

/** The tokens of added_tokens.json, which has their ids; null without it. */
async function olderAddedTokens(
  folder: string,
  special: readonly AddedToken[],
): Promise<readonly AddedToken[] | null> {
  const file = path.join(folder, ADDED_TOKENS_FILE);
  if (!existsSync(file)) return null;
  const ids = validate(z.record(z.string(), z.int()), file, await readJsonObject(file));
  const names = new Set(special.map(({ content }) => content));
  return Object.entries(ids)
    .sort(([, a], [, b]) => a - b)
    .map(([content]) => {
      const isSpecial = names.has(content);
      return { ...specialToken(content), special: isSpecial, normalized: !isSpecial };
    });
}

/** Empty if there is no such file. */
export async function readOptional(file: string): Promise<JsonObject> {
  return existsSync(file) ? readJsonObject(file) : {};
}
