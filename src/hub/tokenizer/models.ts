import * as z from 'zod';
import { bpe, bpeSchema } from './bpe.ts';
import { type Build, component, optionsOf } from './component.ts';
import { unigram, unigramSchema } from './unigram.ts';
import type { TokenModel } from './vocabulary.ts';
import { wordLevel, wordLevelSchema, wordPiece, wordPieceSchema } from './words.ts';

const models: Readonly<Record<string, Build<TokenModel>>> = {
  BPE: (options, at) => bpe(optionsOf(bpeSchema, options, at), at),
  Unigram: (options, at) => unigram(optionsOf(unigramSchema, options, at), at),
  WordLevel: (options, at) => wordLevel(optionsOf(wordLevelSchema, options, at), at),
  WordPiece: (options, at) => wordPiece(optionsOf(wordPieceSchema, options, at), at),
};

/**
 * Makes the `model` of a tokenizer.json.
 * @throws Error naming what is not supported or invalid
 */
export function modelOf(json: unknown, at = 'model'): TokenModel {
  return component(models, withType(json), at);
}

const untyped = z.looseObject({ type: z.undefined().optional(), vocab: z.unknown() });

/** Older files do not name the type: each has fields of its own. */
function withType(json: unknown): unknown {
  const { success, data } = untyped.safeParse(json);
  if (!success) return json;
  if ('merges' in data) return { ...data, type: 'BPE' };
  if (Array.isArray(data.vocab)) return { ...data, type: 'Unigram' };
  return { ...data, type: 'max_input_chars_per_word' in data ? 'WordPiece' : 'WordLevel' };
}
