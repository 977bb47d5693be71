import { z } from 'zod';

/** Ids are 32-bit integers. */
const MAX_ID = 2 ** 31 - 1;

/** Ids by token. */
export const vocabularySchema = z.record(z.string(), z.int().nonnegative().max(MAX_ID));

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

export function vocabularyOf(tokens: Readonly<Record<string, number>>): Vocabulary {
  const ids = new Map(Object.entries(tokens));
  const names = new Map(Object.entries(tokens).map(([token, id]) => [id, token]));
  return {
    size: ids.size,
    idOf: (token) => ids.get(token),
    tokenOf: (id) => names.get(id),
  };
}
