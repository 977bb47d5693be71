/** A text, or a pair of texts, as a transformer reads it. */
export interface Encoding {
  readonly ids: Int32Array;
  /** 0 for the first text and its special tokens, 1 for the second. */
  readonly typeIds: Int32Array;
}

/** Makes token ids of texts, and texts of token ids. */
export interface Tokenizer {
  /** With special tokens; what is longer than `maxLength` tokens is cut, the longer text of a pair first. */
  encode(text: string, pair: string | null, maxLength: number): Encoding;
  /** Without special tokens, and whole. */
  encodePlain(text: string): Int32Array;
  decode(ids: ArrayLike<number>): string;
  readonly padId: number | null;
  readonly eosId: number | null;
  readonly bosId: number | null;
}
