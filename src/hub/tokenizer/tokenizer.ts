import { existsSync } from 'node:fs';
import path from 'node:path';
import { Tokenizer as Pipeline } from '@huggingface/tokenizers';
import { z } from 'zod';
import { reasonOf } from '../../config/errors.ts';
import { CheckpointError, readJson, validate } from '../checkpointFile.ts';
import { normalizerFixes } from './normalizerFixes.ts';
import {
  readSpecialIds,
  SPECIAL_TOKENS_FILE,
  type SpecialIds,
  specialTokensSchema,
} from './specialTokens.ts';
import {
  addedTokenCount,
  bosEosTemplate,
  type Piece,
  type Template,
  templateOf,
} from './template.ts';

export const TOKENIZER_FILE = 'tokenizer.json';
export const TOKENIZER_CONFIG_FILE = 'tokenizer_config.json';

/** Paths of the files in a folder that transformers reads a tokenizer from. */
export function tokenizerFiles(folder: string): readonly string[] {
  const vocabulary = ['vocab.txt', 'vocab.json', 'merges.txt'];
  return [TOKENIZER_FILE, TOKENIZER_CONFIG_FILE, SPECIAL_TOKENS_FILE, ...vocabulary]
    .map((name) => path.join(folder, name))
    .filter((file) => existsSync(file));
}

/** A text or a pair as token ids. */
export interface Encoding {
  readonly ids: Int32Array;
  /** 0 for the first text and its special tokens, 1 for the second; always 0 for RoBERTa. As many as `ids`. */
  readonly typeIds: Int32Array;
}

export interface Tokenizer extends SpecialIds {
  /**
   * Encodes with special tokens, truncated to maxLength tokens: of a pair the longer text loses tokens first ("longest_first"),
   * from its end, or from its beginning if the checkpoint's truncation_side is left.
   * @throws RangeError if maxLength is less than the number of special tokens
   */
  encode(text: string, pair: string | null, maxLength: number): Encoding;
  /** Encodes without special tokens and without truncation, as generation concatenates texts. */
  encodePlain(text: string): Int32Array;
  /** Decodes to text, without special tokens. */
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
 * Opens the tokenizer of a checkpoint: tokenizer.json, with settings from tokenizer_config.json if there is one.
 * @throws CheckpointError if tokenizer.json is missing, invalid, or has unknown parts
 */
export async function openTokenizer(folder: string): Promise<Tokenizer> {
  const file = path.join(folder, TOKENIZER_FILE);
  if (!existsSync(file)) {
    throw new CheckpointError(
      `${folder} has no ${TOKENIZER_FILE}. If it has a tokenizer in another format, convert it, in that folder: python -c 'from transformers import AutoTokenizer; AutoTokenizer.from_pretrained(".").save_pretrained(".")'`,
    );
  }
  const json = validate(tokenizerSchema, file, await readJson(file));
  const configFile = path.join(folder, TOKENIZER_CONFIG_FILE);
  const configJson = existsSync(configFile) ? await readJson(configFile) : {};
  const config = validate(configSchema, configFile, configJson);
  const pipeline = buildPipeline(file, json, configJson);
  const ids = await readSpecialIds(folder, config, (token) => pipeline.token_to_id(token));
  const template = orCheckpointError(file, () => templateFor(json.post_processor, config, ids));
  return new CheckpointTokenizer(pipeline, template, ids, {
    fixNormalizer: normalizerFixes(json.normalizer),
    truncationSide: config.truncation_side,
    // Meant for WordPiece; transformers skips it for BPE too.
    cleanUpSpaces: config.clean_up_tokenization_spaces === true && json.model.type !== 'BPE',
  });
}

function buildPipeline(file: string, json: object, config: unknown): Pipeline {
  // The library requires these fields. Special tokens are added by our template instead of its post-processor.
  const complete = {
    normalizer: null,
    pre_tokenizer: null,
    decoder: null,
    added_tokens: [],
    ...json,
  };
  return orCheckpointError(
    file,
    () => new Pipeline({ ...complete, post_processor: null }, Object(config)),
  );
}

/** @throws CheckpointError naming the file in place of other errors */
function orCheckpointError<T>(file: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new CheckpointError(`${file} cannot be used: ${reasonOf(error)}`, { cause: error });
  }
}

/** If present, `add_bos_token` and `add_eos_token` override the post-processor of tokenizer.json. */
function templateFor(postProcessor: unknown, config: TokenizerConfig, ids: SpecialIds): Template {
  const { add_bos_token: bos, add_eos_token: eos } = config;
  if (bos == null && eos == null) return templateOf(postProcessor);
  const tokens = (isAdded: boolean | null | undefined, id: number | null) =>
    isAdded && id !== null ? [id] : [];
  return bosEosTemplate(tokens(bos, ids.bosId), tokens(eos, ids.eosId));
}

interface TokenizerOptions {
  readonly fixNormalizer: (text: string) => string;
  /** The side on which a long text loses tokens. */
  readonly truncationSide: 'left' | 'right';
  /** Whether decoding removes spaces before punctuation. */
  readonly cleanUpSpaces: boolean;
}

class CheckpointTokenizer implements Tokenizer {
  readonly padId: number | null;
  readonly eosId: number | null;
  readonly bosId: number | null;
  readonly #pipeline: Pipeline;
  readonly #template: Template;
  readonly #options: TokenizerOptions;

  constructor(
    pipeline: Pipeline,
    template: Template,
    { padId, eosId, bosId }: SpecialIds,
    options: TokenizerOptions,
  ) {
    this.#pipeline = pipeline;
    this.#template = template;
    this.padId = padId;
    this.eosId = eosId;
    this.bosId = bosId;
    this.#options = options;
  }

  encode(text: string, pair: string | null, maxLength: number): Encoding {
    const pieces = pair === null ? this.#template.single : this.#template.pair;
    const most = maxLength - addedTokenCount(pieces);
    if (most < 0) {
      throw new RangeError(
        `a maximum of ${maxLength} tokens is less than the ${addedTokenCount(pieces)} special tokens of every example`,
      );
    }
    const first = this.#ids(text);
    const second = pair === null ? [] : this.#ids(pair);
    const [firstLength, secondLength] = longestFirst(first.length, second.length, most);
    return encodingOf(
      pieces,
      this.#truncate(first, firstLength),
      this.#truncate(second, secondLength),
    );
  }

  encodePlain(text: string): Int32Array {
    return Int32Array.from(this.#ids(text));
  }

  decode(ids: ArrayLike<number>): string {
    // The library throws for an empty list.
    if (ids.length === 0) return '';
    return this.#pipeline.decode(Array.from(ids), {
      skip_special_tokens: true,
      clean_up_tokenization_spaces: this.#options.cleanUpSpaces,
    });
  }

  #ids(text: string): readonly number[] {
    const fixed = this.#options.fixNormalizer(text);
    return this.#pipeline.encode(fixed, { add_special_tokens: false }).ids;
  }

  #truncate(ids: readonly number[], length: number): readonly number[] {
    if (ids.length === length) return ids;
    return this.#options.truncationSide === 'right'
      ? ids.slice(0, length)
      : ids.slice(ids.length - length);
  }
}

function encodingOf(
  pieces: readonly Piece[],
  first: readonly number[],
  second: readonly number[],
): Encoding {
  const parts = pieces.map(({ content, typeId }) => {
    if (content === 'first') return { ids: first, typeId };
    return { ids: content === 'second' ? second : content, typeId };
  });
  return {
    ids: Int32Array.from(parts.flatMap(({ ids }) => ids)),
    typeIds: Int32Array.from(parts.flatMap(({ ids, typeId }) => ids.map(() => typeId))),
  };
}

/**
 * Lengths to which a pair is truncated so that both texts have at most `most` tokens together ("longest_first" of the `tokenizers`
 * library): the longer text loses tokens until both are equally long, then both do. If `most` is odd, the text that was longer, or
 * the second one of equals, has one token more.
 */
export function longestFirst(
  first: number,
  second: number,
  most: number,
): readonly [first: number, second: number] {
  if (first + second <= most) return [first, second];
  const half = Math.floor(most / 2);
  const shorter = Math.min(first, second, half);
  const longer = most - shorter;
  return first > second ? [longer, shorter] : [shorter, longer];
}
