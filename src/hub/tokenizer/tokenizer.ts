import { existsSync } from 'node:fs';
import path from 'node:path';
import { Tokenizer as Pipeline } from '@huggingface/tokenizers';
import { z } from 'zod';
import { CheckpointError } from '../files/checkpointError.ts';
import { parsed, readJson } from '../files/json.ts';
import { repairsFor } from './repairs.ts';
import { type SpecialIds, specialIds, specialTokensSchema } from './specialTokens.ts';
import { addedTokens, endsTemplate, type Piece, type Template, templateOf } from './template.ts';
import { longestFirst } from './truncate.ts';

export const TOKENIZER_FILE = 'tokenizer.json';
export const TOKENIZER_CONFIG_FILE = 'tokenizer_config.json';

export interface Encoding {
  readonly ids: Int32Array;
  /** 0 for the first text and its special tokens, 1 for the second; RoBERTa has 0 alone. As many as ids. */
  readonly typeIds: Int32Array;
}

export interface Tokenizer extends SpecialIds {
  /**
   * With special tokens, at most maxLength tokens: of a pair the longer text loses tokens first ("longest_first"), from
   * its end, or from its beginning where the checkpoint says so.
   * @throws RangeError if the special tokens alone are more
   */
  encode(text: string, pair: string | null, maxLength: number): Encoding;
  /** Without special tokens, not truncated: what generation concatenates. */
  encodePlain(text: string): Int32Array;
  /** Special tokens are left out. */
  decode(ids: ArrayLike<number>): string;
}

const tokenizerSchema = z.looseObject({
  model: z.looseObject({ type: z.string().optional() }),
  normalizer: z.unknown().optional(),
  post_processor: z.unknown().optional(),
});
const configSchema = specialTokensSchema.extend({
  add_bos_token: z.boolean().nullish(),
  add_eos_token: z.boolean().nullish(),
  truncation_side: z.enum(['left', 'right']).default('right'),
  clean_up_tokenization_spaces: z.boolean().nullish(),
});
type TokenizerConfig = z.infer<typeof configSchema>;

/**
 * Opens the tokenizer of a checkpoint: tokenizer.json, and of tokenizer_config.json what it says besides.
 * @throws CheckpointError if tokenizer.json is missing, broken, or has parts that are not known here
 */
export async function openTokenizer(folder: string): Promise<Tokenizer> {
  const file = path.join(folder, TOKENIZER_FILE);
  if (!existsSync(file)) {
    throw new CheckpointError(
      `${folder} has no ${TOKENIZER_FILE}. If it has a tokenizer in other files, convert it, in that folder: python -c 'from transformers import AutoTokenizer; AutoTokenizer.from_pretrained(".").save_pretrained(".")'`,
    );
  }
  const json = parsed(tokenizerSchema, file, await readJson(file));
  const configFile = path.join(folder, TOKENIZER_CONFIG_FILE);
  const configJson = existsSync(configFile) ? await readJson(configFile) : {};
  const config = parsed(configSchema, configFile, configJson);
  const pipeline = assembled(file, json, configJson);
  const ids = await specialIds(folder, config, (token) => pipeline.token_to_id(token));
  const template = explained(file, () => templateFor(json.post_processor, config, ids));
  return new CheckpointTokenizer(pipeline, template, ids, {
    repaired: repairsFor(json.normalizer),
    side: config.truncation_side,
    // Made for WordPiece; transformers leaves the text of BPE alone too.
    cleanUp: config.clean_up_tokenization_spaces === true && json.model.type !== 'BPE',
  });
}

function assembled(file: string, json: object, config: unknown): Pipeline {
  // The library reads these fields without asking whether they are there; special tokens are put around texts here.
  const whole = { normalizer: null, pre_tokenizer: null, decoder: null, added_tokens: [], ...json };
  return explained(file, () => new Pipeline({ ...whole, post_processor: null }, Object(config)));
}

function explained<T>(file: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new CheckpointError(`${file} cannot be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** `add_bos_token` and `add_eos_token`, where they are written, count more than tokenizer.json. */
function templateFor(postProcessor: unknown, config: TokenizerConfig, ids: SpecialIds): Template {
  const { add_bos_token: bos, add_eos_token: eos } = config;
  if (bos == null && eos == null) return templateOf(postProcessor);
  const end = (wanted: boolean | null | undefined, id: number | null) =>
    wanted && id !== null ? [id] : [];
  return endsTemplate(end(bos, ids.bosId), end(eos, ids.eosId));
}

interface Manners {
  readonly repaired: (text: string) => string;
  /** Where a text that is too long loses tokens. */
  readonly side: 'left' | 'right';
  /** Whether decoding takes spaces before punctuation away. */
  readonly cleanUp: boolean;
}

class CheckpointTokenizer implements Tokenizer {
  readonly padId: number | null;
  readonly eosId: number | null;
  readonly bosId: number | null;
  readonly #pipeline: Pipeline;
  readonly #template: Template;
  readonly #manners: Manners;

  constructor(
    pipeline: Pipeline,
    template: Template,
    { padId, eosId, bosId }: SpecialIds,
    manners: Manners,
  ) {
    this.#pipeline = pipeline;
    this.#template = template;
    this.padId = padId;
    this.eosId = eosId;
    this.bosId = bosId;
    this.#manners = manners;
  }

  encode(text: string, pair: string | null, maxLength: number): Encoding {
    const pieces = pair === null ? this.#template.single : this.#template.pair;
    const most = maxLength - addedTokens(pieces);
    if (most < 0) {
      throw new RangeError(
        `${maxLength} tokens are fewer than the ${addedTokens(pieces)} special tokens that every example has`,
      );
    }
    const first = this.#ids(text);
    const second = pair === null ? [] : this.#ids(pair);
    const [firstLength, secondLength] = longestFirst(first.length, second.length, most);
    return encodingOf(pieces, this.#cut(first, firstLength), this.#cut(second, secondLength));
  }

  encodePlain(text: string): Int32Array {
    return Int32Array.from(this.#ids(text));
  }

  decode(ids: ArrayLike<number>): string {
    // The library refuses an empty list.
    if (ids.length === 0) return '';
    return this.#pipeline.decode(Array.from(ids), {
      skip_special_tokens: true,
      clean_up_tokenization_spaces: this.#manners.cleanUp,
    });
  }

  #ids(text: string): readonly number[] {
    const repaired = this.#manners.repaired(text);
    return this.#pipeline.encode(repaired, { add_special_tokens: false }).ids;
  }

  #cut(ids: readonly number[], length: number): readonly number[] {
    if (ids.length === length) return ids;
    return this.#manners.side === 'right' ? ids.slice(0, length) : ids.slice(ids.length - length);
  }
}

function encodingOf(
  pieces: readonly Piece[],
  first: readonly number[],
  second: readonly number[],
): Encoding {
  const placed = pieces.map(({ content, typeId }) => {
    if (content === 'first') return { ids: first, typeId };
    return { ids: content === 'second' ? second : content, typeId };
  });
  return {
    ids: Int32Array.from(placed.flatMap(({ ids }) => ids)),
    typeIds: Int32Array.from(placed.flatMap(({ ids, typeId }) => ids.map(() => typeId))),
  };
}
