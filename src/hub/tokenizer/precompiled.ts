/** Longest grapheme, in bytes, that is looked up as a whole. */
const MAX_GRAPHEME_BYTES = 6;

/**
 * The normalizer of sentencepiece: replaces graphemes and characters by a table, a double-array trie from UTF-8 bytes to
 * positions among texts that end with a zero byte (Darts-clone; `spm_precompiled` in Rust).
 * @param charsmap the table in base64: size of the trie in bytes, the trie, the texts
 * @throws Error for a damaged table
 */
export function precompiled(charsmap: string, at: string): (text: string) => string {
  const bytes = Buffer.from(charsmap, 'base64');
  const size = bytes.length >= 4 ? bytes.readUInt32LE(0) : Number.NaN;
  if (!(size % 4 === 0 && 4 + size <= bytes.length)) {
    throw new Error(`${at}: precompiled_charsmap is damaged`);
  }
  const units = Uint32Array.from({ length: size / 4 }, (_, i) => bytes.readUInt32LE(4 + 4 * i));
  const texts = bytes.subarray(4 + size);
  const encoder = new TextEncoder();
  const replaced = (part: string): string | undefined => {
    const position = firstMatch(units, encoder.encode(part));
    if (position === undefined || position > texts.length) return undefined;
    const end = texts.indexOf(0, position);
    return texts.toString('utf8', position, end < 0 ? texts.length : end);
  };
  const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
  return (text) => {
    let result = '';
    for (const { segment } of segmenter.segment(text)) {
      const whole = Buffer.byteLength(segment) < MAX_GRAPHEME_BYTES ? replaced(segment) : undefined;
      if (whole !== undefined) result += whole;
      else for (const character of segment) result += replaced(character) ?? character;
    }
    return result;
  };
}

/** The value of the shortest key that is a prefix of the bytes. */
function firstMatch(units: Uint32Array, bytes: Uint8Array): number | undefined {
  let position = offsetOf(units[0] ?? 0);
  for (const byte of bytes) {
    if (byte === 0) return undefined;
    position ^= byte;
    const unit = units[position];
    // The label is the lowest byte, and the highest bit says that there is none.
    if (unit === undefined || (unit & 0x800000ff) !== byte) return undefined;
    position ^= offsetOf(unit);
    if (((unit >>> 8) & 1) === 1) return (units[position] ?? 0) & 0x7fffffff;
  }
  return undefined;
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
