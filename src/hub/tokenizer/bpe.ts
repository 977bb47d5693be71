import * as z from 'zod';
import { CheckpointError } from '../checkpointFile.ts';
import { byteTokens } from './characters.ts';
import { type Merges, mergeAll } from './merges.ts';
import { type TokenModel, type Vocabulary, vocabularyOf, vocabularySchema } from './vocabulary.ts';

const merge = z.union([
  z.tuple([z.string(), z.string()]),
  z.string().transform((pair, { addIssue }): [string, string] => {
    const parts = pair.split(' ');
    if (parts.length !== 2)
      addIssue(`expected two tokens with a space between them, not "${pair}"`);
    return [parts[0] ?? '', parts[1] ?? ''];
  }),
]);

export const bpeSchema = z.object({
  vocab: vocabularySchema,
  merges: z.array(merge),
  /** Random merges, which differ each time. */
  dropout: z
    .number()
    .nullish()
    .refine((rate) => !rate, 'dropout of merges is not supported. Expected null'),
  unk_token: z.string().nullish(),
  continuing_subword_prefix: z.string().nullish(),
  end_of_word_suffix: z.string().nullish(),
  fuse_unk: z.boolean().nullish(),
  byte_fallback: z.boolean().nullish(),
  ignore_merges: z.boolean().nullish(),
});
type BpeOptions = z.infer<typeof bpeSchema>;

/** Words whose tokens are remembered, and their most characters. */
const MAX_CACHED_WORDS = 50_000;
const MAX_CACHED_LENGTH = 256;

/** Byte pair encoding (Sennrich et al. 2016, arXiv 1508.07909). */
export function bpe(options: BpeOptions, at: string): TokenModel {
  const vocabulary = vocabularyOf(options.vocab);
  const merges = mergesOf(options, vocabulary, at);
  const cache = new Map<string, readonly number[]>();
  const tokenize = (text: string): readonly number[] => {
    const whole = options.ignore_merges ? vocabulary.idOf(text) : undefined;
    if (whole !== undefined) return [whole];
    return mergeAll(symbolsOf(text, options, vocabulary), merges);
  };
  return {
    type: 'BPE',
    ...vocabulary,
    tokenize(text) {
      const cached = cache.get(text);
      if (cached) return cached;
      const ids = tokenize(text);
      if (cache.size >= MAX_CACHED_WORDS) cache.clear();
      if (text.length <= MAX_CACHED_LENGTH) cache.set(text, ids);
      return ids;
    },
  };
}

function mergesOf(
  { merges, continuing_subword_prefix }: BpeOptions,
  { idOf }: Vocabulary,
  at: string,
): Merges {
  const prefix = continuing_subword_prefix?.length ?? 0;
  const known = (token: string): number => {
    const id = idOf(token);
    if (id !== undefined) return id;
    throw new Error(`${at}.merges: ${JSON.stringify(token)} is not in the vocabulary`);
  };
  const byPair: Merges = new Map();
  for (const [rank, [left, right]] of merges.entries()) {
    const [a, b] = [known(left), known(right)];
    const ofLeft = byPair.get(a) ?? new Map();
    byPair.set(a, ofLeft);
    ofLeft.set(b, { rank, id: known(left + right.slice(prefix)) });
  }
  return byPair;
}

/** The ids of a text's characters: what merging begins with. */
function symbolsOf(text: string, options: BpeOptions, { idOf }: Vocabulary): number[] {
  const { unk_token, continuing_subword_prefix, end_of_word_suffix } = options;
  const ids: number[] = [];
  // An unknown token is added before the next known one.
  let isUnknown = false;
  const flush = () => {
    if (isUnknown) ids.push(unknownId(unk_token!, idOf));
    isUnknown = false;
  };
  const characters = [...text];
  for (const [i, character] of characters.entries()) {
    const prefix = i > 0 ? (continuing_subword_prefix ?? '') : '';
    const suffix = i === characters.length - 1 ? (end_of_word_suffix ?? '') : '';
    const symbol = prefix + character + suffix;
    const id = idOf(symbol);
    if (id !== undefined) {
      flush();
      ids.push(id);
      continue;
    }
    const bytes = options.byte_fallback ? byteTokens(symbol).map(idOf) : [undefined];
    if (bytes.every((byte) => byte !== undefined)) {
      // As in Rust, bytes come before an unknown token that has not been added yet.
      ids.push(...bytes);
    } else if (unk_token != null) {
      if (!options.fuse_unk) flush();
      isUnknown = true;
    }
  }
  flush();
  return ids;
}

function unknownId(token: string, idOf: Vocabulary['idOf']): number {
  const id = idOf(token);
  if (id !== undefined) return id;
  throw new CheckpointError(
    `a text has a character that the tokenizer does not know, and its unk_token ${JSON.stringify(token)} is not in its vocabulary`,
  );
}
