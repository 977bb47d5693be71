import { z } from 'zod';
import { CheckpointError } from '../checkpointFile.ts';
import { type TokenModel, vocabularyOf, vocabularySchema } from './vocabulary.ts';

export const wordLevelSchema = z.object({ vocab: vocabularySchema, unk_token: z.string() });

/** Each part is a token. */
export function wordLevel({ vocab, unk_token }: z.infer<typeof wordLevelSchema>): TokenModel {
  const vocabulary = vocabularyOf(vocab);
  const unknown = vocabulary.idOf(unk_token);
  return {
    type: 'WordLevel',
    ...vocabulary,
    tokenize(text) {
      const id = vocabulary.idOf(text) ?? unknown;
      if (id !== undefined) return [id];
      throw new CheckpointError(
        `the tokenizer's vocabulary has neither ${JSON.stringify(text)} nor its unk_token ${JSON.stringify(unk_token)}`,
      );
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
  const unknown = vocabulary.idOf(unk_token);
  if (unknown === undefined) {
    throw new Error(`${at}.vocab does not contain the unk_token ${JSON.stringify(unk_token)}`);
  }
  const longest = Object.keys(vocab).reduce((most, { length }) => Math.max(most, length), 0);
  return {
    type: 'WordPiece',
    ...vocabulary,
    tokenize(text) {
      const characters = [...text];
      if (characters.length > mostCharacters) return [unknown];
      const ids: number[] = [];
      for (let start = 0; start < characters.length; ) {
        let end = Math.min(characters.length, start + longest);
        let id: number | undefined;
        for (; end > start; end--) {
          const part = characters.slice(start, end).join('');
          id = vocabulary.idOf(start > 0 ? prefix + part : part);
          if (id !== undefined) break;
        }
        if (id === undefined) return [unknown];
        ids.push(id);
        start = end;
      }
      return ids;
    },
  };
}
