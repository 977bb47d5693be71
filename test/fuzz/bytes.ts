/** Texts, and mutations of files of texts. */
import type { Random } from '../unit/engine/random.ts';
import { Choices } from './mutations.ts';

/** Choices, and the random numbers that they come from. */
export class Lots extends Choices {
  readonly random: Random;

  constructor(random: Random) {
    super(random);
    this.random = random;
  }
}

/** Pieces of text that formats or encodings take for something else. */
const nasty: readonly string[] = [
  ...[
    '"',
    '""',
    "'",
    ',',
    ';',
    '\t',
    '\n',
    '\r',
    '\r\n',
    '\\',
    '\\n',
    '{',
    '}',
    '[',
    ']',
    ':',
    '#',
  ],
  ...[
    '\u0000',
    '\ufeff',
    '\u2028',
    '\u0085',
    '\u00a0',
    '\ufffd',
    'é',
    '日本',
    '😀',
    '\u200b',
    '\x1a',
  ],
  ...['NaN', '-Infinity', 'null', 'true', '""""', '1e999', '9007199254740993', '-0', '1.0', '0x1f'],
  ...['\\ud800', '\\u0000', '\\"', '{}', '[]', '"a":1', '__proto__', '---\n', '<<: ', '*a', '&a '],
];

/** A text of a few letters, some of which mean something. */
export function anyText(lots: Lots): string {
  return Array.from({ length: lots.upTo(6) }, () =>
    lots.chance(0.7) ? lots.of(['a', 'b', 'x y', '1', '2.5', 'yes', '', ' ']) : lots.of(nasty),
  ).join('');
}

/** Bytes with up to four changes; one in ten is left as it is. */
export function mutated(whole: Buffer, lots: Lots): Buffer {
  if (lots.chance(0.1)) return whole;
  let bytes = whole;
  for (let n = lots.upTo(4); n >= 0; n--) bytes = changed(bytes, lots);
  return bytes;
}

function changed(bytes: Buffer, lots: Lots): Buffer {
  const at = lots.upTo(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + lots.upTo(lots.chance(0.9) ? 4 : bytes.length + 1));
  const put = (piece: Buffer) => Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(end)]);
  switch (lots.upTo(8)) {
    case 0:
      return put(Buffer.of(lots.upTo(256)));
    case 1:
      return put(Buffer.alloc(0));
    case 2:
      return bytes.subarray(0, at);
    case 3: {
      const from = lots.upTo(bytes.length + 1);
      return put(bytes.subarray(from, from + lots.upTo(40)));
    }
    case 4: {
      const flipped = Buffer.from(bytes);
      if (at < flipped.length) flipped[at]! ^= 1 << lots.upTo(8);
      return flipped;
    }
    default:
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from(lots.of(nasty)),
        bytes.subarray(lots.chance(0.5) ? at : end),
      ]);
  }
}
