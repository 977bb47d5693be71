/** Characters as Rust's standard library and the `tokenizers` library class them, where JavaScript differs. */

/** Rust's `char::is_whitespace`: unlike JavaScript's `\s`, with U+0085 and without U+FEFF. */
export const WHITE_SPACE = String.raw`\p{White_Space}`;

/** The `regex` crate's `\w`. */
export const WORD = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}`;

/** Punctuation for BERT: also the symbols of ASCII. */
export const PUNCTUATION = String.raw`\p{P}!-\/:-@\[-\x60\{-~`;

const LEADING = new RegExp(`^${WHITE_SPACE}+`, 'u');
const TRAILING = new RegExp(`${WHITE_SPACE}+$`, 'u');

/** Length of the white space at the beginning of a text. */
export function leadingSpace(text: string): number {
  return LEADING.exec(text)?.[0].length ?? 0;
}

/** Length of the white space at the end of a text. */
export function trailingSpace(text: string): number {
  let start = text.length;
  while (start > 0 && LEADING.test(text[start - 1]!)) start--;
  return text.length - start;
}

export function withoutLeadingSpace(text: string): string {
  return text.replace(LEADING, '');
}

export function withoutTrailingSpace(text: string): string {
  return text.replace(TRAILING, '');
}

/** Rust lowercases one character at a time: Σ at the end of a word becomes σ, in JavaScript ς. */
export function lowercase(text: string): string {
  return text.replaceAll('Σ', 'σ').toLowerCase();
}

/** Characters that stand for bytes in GPT-2's vocabularies: printable ones for themselves, others from U+0100 on. */
const characters: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte).reduce<{
  list: string[];
  next: number;
}>(
  ({ list, next }, byte) => {
    const isPrintable =
      (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    list.push(String.fromCharCode(isPrintable ? byte : next));
    return { list, next: isPrintable ? next : next + 1 };
  },
  { list: [], next: 0x100 },
).list;
const byteOf = new Map(characters.map((character, byte) => [character, byte]));

const encoder = new TextEncoder();

/** The UTF-8 bytes of a text as GPT-2's characters. */
export function toByteLevel(text: string): string {
  let result = '';
  for (const byte of encoder.encode(text)) result += characters[byte];
  return result;
}

/** The bytes that GPT-2's characters stand for; of a text with another character its UTF-8 bytes. */
export function fromByteLevel(text: string): Iterable<number> {
  const bytes = Array.from(text, (character) => byteOf.get(character));
  return bytes.every((byte) => byte !== undefined) ? bytes : encoder.encode(text);
}

/** Tokens such as `<0x0A>` for the UTF-8 bytes of a text. */
export function byteTokens(text: string): readonly string[] {
  return Array.from(
    encoder.encode(text),
    (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  );
}
