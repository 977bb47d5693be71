import type { Encoding, Tokenizer } from '../../../src/hub/tokenizer/tokenizer.ts';

/** Every byte of a text is a token, as in ByT5: ids from 3, after those of padding, end and beginning. */
export function byteTokenizer({ beginsTexts = false } = {}): Tokenizer {
  const [padId, eosId, bosId] = [0, 1, 2];
  const encodePlain = (text: string) => Int32Array.from(Buffer.from(text), (byte) => byte + 3);
  const encode = (text: string, pair: string | null, maxLength: number): Encoding => {
    const parts = [text, ...(pair === null ? [] : [pair])].map((part) => [...encodePlain(part)]);
    const special = parts.length + Number(beginsTexts);
    while (parts.flat().length + special > maxLength) {
      parts.reduce((a, b) => (b.length > a.length ? b : a)).pop();
    }
    const ended = parts.map((part) => [...part, eosId]);
    if (beginsTexts) ended[0]!.unshift(bosId);
    return {
      ids: Int32Array.from(ended.flat()),
      typeIds: Int32Array.from(ended.flatMap((part, i) => part.map(() => i))),
    };
  };
  const decode = (ids: ArrayLike<number>) =>
    Buffer.from(Array.from(ids).flatMap((id) => (id < 3 ? [] : [id - 3]))).toString();
  return { encode, encodePlain, decode, padId, eosId, bosId };
}
