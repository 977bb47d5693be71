import * as z from 'zod';

/** Ids are 32-bit integers. */
export const MAX_ID = 2 ** 31 - 1;

/** Without tokens, every text would be an error or nothing at all. */
export const EMPTY = 'the vocabulary is empty. Expected at least one token';

/** Ids by token. */
export const vocabularySchema = z
  .record(z.string(), z.int().nonnegative().max(MAX_ID))
  .refine((ids) => Object.keys(ids).length > 0, EMPTY);

/** The tokens of a model. */
export interface Vocabulary {
  /** Number of tokens. */
  readonly size: number;
  idOf(token: string): number | undefined;
  tokenOf(id: number): string | undefined;
}

/** Turns parts of texts into ids of its vocabulary. */
export interface TokenModel extends Vocabulary {
  readonly type: 'BPE' | 'Unigram' | 'WordLevel' | 'WordPiece';
  /** @param text not empty */
  tokenize(text: string): readonly number[];
}

/** @throws Error if two tokens have the same id, so that it is open which one an id stands for */
export function vocabularyOf(tokens: Readonly<Record<string, number>>): Vocabulary {
  const ids = new Map(Object.entries(tokens));
  const names = new Map<number, string>();
  for (const [token, id] of ids) {
    const other = names.get(id);
    if (other !== undefined) {
      const both = `${JSON.stringify(other)} and ${JSON.stringify(token)}`;
      throw new Error(`model.vocab: ${both} have the same id, ${id}`);
    }
    names.set(id, token);
  }
  return {
    size: ids.size,
    idOf: (token) => ids.get(token),
    tokenOf: (id) => names.get(id),
  };
}
