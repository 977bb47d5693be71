import * as z from 'zod';
import { type TokenModel, type Vocabulary, vocabularyOf, vocabularySchema } from './vocabulary.ts';

export const wordLevelSchema = z.object({ vocab: vocabularySchema, unk_token: z.string() });

/** Each part is a token. */
export function wordLevel(
  { vocab, unk_token }: z.infer<typeof wordLevelSchema>,
  at: string,
): TokenModel {
  const vocabulary = vocabularyOf(vocab);
  const unknownId = unknownIn(vocabulary, unk_token, at);
  return {
    type: 'WordLevel',
    ...vocabulary,
    tokenize(text) {
      return [vocabulary.idOf(text) ?? unknownId];
    },
  };
}

export const wordPieceSchema = z.object({
  vocab: vocabularySchema,
  unk_token: z.string().default('[UNK]'),
  continuing_subword_prefix: z.string().default('##'),
  max_input_chars_per_word: z.int().nonnegative().default(100),
});

/** From left to right, the longest token that fits; a word that cannot be split is unknown as a whole. */
export function wordPiece(
  { vocab, unk_token, ...options }: z.infer<typeof wordPieceSchema>,
  at: string,
): TokenModel {
  const vocabulary = vocabularyOf(vocab);
  const { continuing_subword_prefix: prefix, max_input_chars_per_word: mostCharacters } = options;
  const unknownId = unknownIn(vocabulary, unk_token, at);
  const longest = Object.keys(vocab).reduce((most, { length }) => Math.max(most, length), 0);
  return {
    type: 'WordPiece',
    ...vocabulary,
    tokenize(text) {
      const characters = [...text];
      if (characters.length > mostCharacters) return [unknownId];
      const ids: number[] = [];
      for (let start = 0; start < characters.length; ) {
        let end = Math.min(characters.length, start + longest);
        let id: number | undefined;
        for (; end > start; end--) {
          const part = characters.slice(start, end).join('');
          id = vocabulary.idOf(start > 0 ? prefix + part : part);
          if (id !== undefined) break;
        }
        if (id === undefined) return [unknownId];
        ids.push(id);
        start = end;
      }
      return ids;
    },
  };
}

/**
 * The id of the unknown token. transformers opens a tokenizer without it, and fails at the first text with an unknown part.
 * @throws Error if the vocabulary lacks it: a network that is trained on texts without unknown parts would fail at others
 */
function unknownIn({ idOf }: Vocabulary, token: string, at: string): number {
  const id = idOf(token);
  if (id !== undefined) return id;
  throw new Error(
    `${at}.unk_token is ${JSON.stringify(token)}, which is not in its vocab. Expected one of its tokens`,
  );
}
