import { existsSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { reasonOf } from '../../config/errors.ts';
import { CheckpointError, readJson, validate } from '../checkpointFile.ts';
import type { AddedTokens } from './addedTokens.ts';
import { cleanUp } from './decoders.ts';
import { type Parts, partsOf, tokenizerSchema, withDefaultPadding } from './parts.ts';
import { readTokenizerSettings, SETTINGS_FILES } from './settings.ts';
import { readSpecialIds, type SpecialIds } from './specialTokens.ts';
import { addedTokenCount, type Piece } from './template.ts';
import { recipeOf } from './transformersClass.ts';

export const TOKENIZER_FILE = 'tokenizer.json';

/** Paths of the files in a folder that transformers reads a tokenizer from. */
export function tokenizerFiles(folder: string): readonly string[] {
  const vocabulary = [
    ...['vocab.txt', 'vocab.json', 'merges.txt'],
    ...['spiece.model', 'tokenizer.model', 'sentencepiece.bpe.model'],
  ];
  return [TOKENIZER_FILE, ...SETTINGS_FILES, ...vocabulary]
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
   * @throws CheckpointError for a text that the tokenizer cannot encode
   */
  encode(text: string, pair: string | null, maxLength: number): Encoding;
  /** Encodes without special tokens and without truncation, as generation concatenates texts. */
  encodePlain(text: string): Int32Array;
  /** Decodes to text, without special tokens. */
  decode(ids: ArrayLike<number>): string;
}

/** A {@link Tokenizer} that may be in another process. */
export interface TextTokenizer extends SpecialIds {
  encode(text: string, pair: string | null, maxLength: number): Encoding | Promise<Encoding>;
  encodePlain(text: string): Int32Array | Promise<Int32Array>;
  decode(ids: ArrayLike<number>): string | Promise<string>;
}

/**
 * Opens the tokenizer of a checkpoint as transformers 5 does: tokenizer.json, with what tokenizer_config.json and older files say
 * beside it. Not `@huggingface/tokenizers`, which ignores options and differs from the `tokenizers` library in white space,
 * punctuation, digits, added tokens and unknown characters.
 * @throws CheckpointError if a file is missing or invalid, or names something that is not supported
 */
export async function openTokenizer(folder: string): Promise<Tokenizer> {
  const file = path.join(folder, TOKENIZER_FILE);
  if (!existsSync(file)) {
    throw new CheckpointError(
      `${folder} has no ${TOKENIZER_FILE}. If it has a tokenizer in another format, convert it, in that folder: python -c 'from transformers import AutoTokenizer; AutoTokenizer.from_pretrained(".").save_pretrained(".")'`,
    );
  }
  const json = validate(tokenizerSchema, file, await readJson(file));
  const settings = withDefaultPadding(await readTokenizerSettings(folder), json);
  try {
    const recipe = await recipeOf(folder, settings.config, json);
    const { added, ...parts } = partsOf(json, settings, recipe);
    const ids = await readSpecialIds(
      folder,
      (key) => settings.special.get(key)?.content ?? recipe?.special[key],
      (token) => added.idOf(token),
    );
    const unkId = unknownIdOf(json.model, (token) => added.idOf(token));
    return new CheckpointTokenizer(
      added,
      parts,
      { ...ids, unkId },
      {
        splitsSpecial: settings.splitsSpecial,
        truncationSide:
          settings.truncationSide ?? (json.truncation?.direction === 'Left' ? 'left' : 'right'),
        // Meant for WordPiece: BPE's spaces are part of the text.
        cleansUp: settings.cleansUpSpaces && (parts.model.type !== 'BPE' || settings.cleansUpBpe),
      },
    );
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    throw new CheckpointError(`${file} cannot be used: ${reasonOf(error)}`, { cause: error });
  }
}

interface EncodingOptions {
  /** Whether special tokens in a text are text. */
  readonly splitsSpecial: boolean;
  /** The side on which a long text loses tokens. */
  readonly truncationSide: 'left' | 'right';
  /** Whether decoding removes spaces before punctuation. */
  readonly cleansUp: boolean;
}

const unknownSchema = z.looseObject({
  unk_token: z.string().nullish(),
  unk_id: z.int().nullish(),
});

function unknownIdOf(model: unknown, idOf: (token: string) => number | undefined): number | null {
  const { unk_token, unk_id } = unknownSchema.safeParse(model).data ?? {};
  return unk_id ?? (unk_token == null ? undefined : idOf(unk_token)) ?? null;
}

class CheckpointTokenizer implements Tokenizer {
  readonly padId: number | null;
  readonly eosId: number | null;
  readonly bosId: number | null;
  readonly unkId: number | null;
  readonly #added: AddedTokens;
  readonly #parts: Parts;
  readonly #options: EncodingOptions;

  constructor(
    added: AddedTokens,
    parts: Parts,
    { padId, eosId, bosId, unkId = null }: SpecialIds,
    options: EncodingOptions,
  ) {
    this.#added = added;
    this.#parts = parts;
    this.padId = padId;
    this.eosId = eosId;
    this.bosId = bosId;
    this.unkId = unkId;
    this.#options = options;
  }

  encode(text: string, pair: string | null, maxLength: number): Encoding {
    const { single, pair: both } = this.#parts.template;
    const pieces = pair === null ? single : both;
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
    const tokens = Array.from(ids).flatMap((id) => this.#added.tokenWithoutSpecial(id) ?? []);
    const text = this.#parts.decode(tokens);
    return this.#options.cleansUp ? cleanUp(text) : text;
  }

  #ids(text: string): readonly number[] {
    const { preTokenizer, model } = this.#parts;
    const ids: number[] = [];
    for (const part of this.#added.split(wellFormed(text), this.#options.splitsSpecial)) {
      if ('id' in part) {
        ids.push(part.id);
        continue;
      }
      for (const piece of preTokenizer(part)) {
        if (piece.text !== '') for (const id of model.tokenize(piece.text)) ids.push(id);
      }
    }
    return ids;
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

/** Halves of characters, which UTF-8 cannot express, become �. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
