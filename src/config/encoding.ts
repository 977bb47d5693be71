/** Strict decoding of text files: bytes that are not text are an error with a position, never U+FFFD. */
import { isUtf8 } from 'node:buffer';
import { guessEncoding, isUnmarkedUtf16 } from './encodingGuess.ts';

/** Bytes that are not text. */
export class EncodingError extends Error {
  override readonly name = 'EncodingError';
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 units. */
  readonly column: number;
  /** What would be valid, and how to get there. */
  readonly expected: string;

  constructor({ line, column }: Place, message: string, expected: string) {
    super(message);
    this.line = line;
    this.column = column;
    this.expected = expected;
  }
}

interface Place {
  readonly line: number;
  readonly column: number;
}

type Encoding = 'UTF-8' | 'UTF-16LE' | 'UTF-16BE';

/** Decodes all bytes of a file. @throws EncodingError */
export function decodeText(bytes: Buffer): string {
  const decoder = new StrictDecoder();
  return Buffer.concat([decoder.push(bytes), decoder.end()]).toString();
}

/**
 * Turns the chunks of a file into chunks of valid UTF-8 without a byte order mark. Files are UTF-8, or UTF-16 with a byte order
 * mark.
 */
export class StrictDecoder {
  #encoding: Encoding | null = null;
  /** Bytes of a character whose end is in the next chunk. */
  #pending: Buffer = Buffer.alloc(0);
  #line = 1;
  #column = 1;
  #endsInReturn = false;
  /** Whether characters of several bytes came before: then a last one is cut off, rather than in another encoding. */
  #isWide = false;

  /** @throws EncodingError at the first byte that is not text */
  push(chunk: Buffer): Buffer {
    let bytes = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
    if (this.#encoding === null) {
      if (bytes.length < 4) {
        this.#pending = bytes;
        return Buffer.alloc(0);
      }
      bytes = this.#start(bytes);
    }
    const length = this.#encoding === 'UTF-8' ? wholeUtf8(bytes) : wholeUtf16(bytes, this.#isBig);
    this.#pending = bytes.subarray(length);
    return this.#checked(bytes.subarray(0, length));
  }

  /** What is left after the last chunk. @throws EncodingError if the file ends within a character */
  end(): Buffer {
    let bytes = this.#pending;
    if (this.#encoding === null) bytes = this.#start(bytes);
    this.#pending = Buffer.alloc(0);
    return this.#checked(bytes);
  }

  get #isBig(): boolean {
    return this.#encoding === 'UTF-16BE';
  }

  /** Takes the encoding from the byte order mark. @returns the bytes after it */
  #start(bytes: Buffer): Buffer {
    const mark = bytes.toString('latin1', 0, 4);
    if (mark === '\xff\xfe\0\0' || mark === '\0\0\xfe\xff') {
      throw this.#notText('the file is UTF-32', 'UTF-32');
    }
    if (mark.startsWith('\xef\xbb\xbf')) return this.#startAs('UTF-8', bytes.subarray(3));
    if (mark.startsWith('\xff\xfe')) return this.#startAs('UTF-16LE', bytes.subarray(2));
    if (mark.startsWith('\xfe\xff')) return this.#startAs('UTF-16BE', bytes.subarray(2));
    const unmarked = isUnmarkedUtf16(bytes);
    if (unmarked) {
      throw this.#notText(`the file looks like ${unmarked} without a byte order mark`, unmarked);
    }
    return this.#startAs('UTF-8', bytes);
  }

  #startAs(encoding: Encoding, rest: Buffer): Buffer {
    this.#encoding = encoding;
    return rest;
  }

  #checked(bytes: Buffer): Buffer {
    if (this.#encoding !== 'UTF-8') return this.#fromUtf16(bytes);
    const bad = isUtf8(bytes) ? -1 : firstBadByte(bytes);
    const nul = bytes.indexOf(0);
    if (nul >= 0 && (bad < 0 || nul < bad)) throw this.#nul(bytes.subarray(0, nul));
    if (bad < 0) {
      this.#advance(bytes);
      return bytes;
    }
    this.#advance(bytes.subarray(0, bad));
    const byte = `byte 0x${bytes[bad]!.toString(16).toUpperCase().padStart(2, '0')}`;
    const isCut = bytes.length - bad < 4 && wholeUtf8(bytes) <= bad;
    if (isCut && this.#isWide) {
      throw new EncodingError(this.#place, 'the file ends within a character', COMPLETE);
    }
    const guess = guessEncoding(bytes, bad);
    const shown = guess ? ` (in ${guess.encoding}: "${guess.shown}")` : '';
    throw this.#notText(`${byte} is not UTF-8${shown}`, guess?.encoding ?? null);
  }

  #fromUtf16(bytes: Buffer): Buffer {
    if (bytes.length % 2 === 1) {
      this.#checked(bytes.subarray(0, bytes.length - 1));
      throw new EncodingError(this.#place, 'the file ends within a character', COMPLETE);
    }
    const units = this.#isBig ? Buffer.from(bytes).swap16() : bytes;
    const text = units.toString('utf16le');
    const bad = text.search(/\p{Surrogate}/u);
    const nul = text.indexOf('\0');
    if (nul >= 0 && (bad < 0 || nul < bad)) throw this.#nul(Buffer.from(text.slice(0, nul)));
    if (bad < 0) {
      const utf8 = Buffer.from(text);
      this.#advance(utf8);
      return utf8;
    }
    this.#advance(Buffer.from(text.slice(0, bad)));
    const unit = `U+${text.charCodeAt(bad).toString(16).toUpperCase()}`;
    throw new EncodingError(
      this.#place,
      `half a character: the surrogate ${unit} is alone`,
      COMPLETE,
    );
  }

  get #place(): Place {
    return { line: this.#line, column: this.#column };
  }

  #nul(before: Buffer): EncodingError {
    this.#advance(before);
    return new EncodingError(
      this.#place,
      'a NUL character (U+0000)',
      'text. It may be a binary file, or one that was not written to its end',
    );
  }

  /** @param encoding that the text probably is in; null if the bytes are text in none that is usual */
  #notText(message: string, encoding: string | null): EncodingError {
    const advice = encoding
      ? `If it is ${encoding}, convert it: iconv -f ${encoding} -t UTF-8 FILE > NEW`
      : 'It is a binary file, or in a rare encoding: if you know which, convert it: iconv -f ENCODING -t UTF-8 FILE > NEW';
    const expected = `UTF-8, or UTF-16 with a byte order mark. ${advice}`;
    return new EncodingError(this.#place, message, expected);
  }

  /** Moves the place behind valid UTF-8. Lines end as in editors: at \n, \r\n or a lone \r. */
  #advance(bytes: Buffer): void {
    let lineStart = 0;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i]!;
      if (byte >= 0x80) this.#isWide = true;
      if (byte !== 10 && byte !== 13) continue;
      const isSecond = byte === 10 && (i > 0 ? bytes[i - 1] === 13 : this.#endsInReturn);
      if (!isSecond) this.#line++;
      this.#column = 1;
      lineStart = i + 1;
    }
    this.#column += bytes.toString('utf8', lineStart).length;
    if (bytes.length > 0) this.#endsInReturn = bytes.at(-1) === 13;
  }
}

const COMPLETE = 'a complete file. Write or download it again';

/** Number of bytes before a character at the end that is incomplete. */
function wholeUtf8(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) break;
    if (byte >= 0xc0) return lengthOf(byte) > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

function wholeUtf16(bytes: Buffer, isBig: boolean): number {
  const even = bytes.length - (bytes.length % 2);
  if (even === 0) return 0;
  const high = bytes[isBig ? even - 2 : even - 1]!;
  return high >= 0xd8 && high < 0xdc ? even - 2 : even;
}

/** Bytes of the UTF-8 character that begins with `first`; 1 for bytes that begin none. */
function lengthOf(first: number): number {
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 1;
}

/** Offset of the first byte that does not belong to a UTF-8 character; −1 if there is none. */
function firstBadByte(bytes: Buffer): number {
  for (let i = 0; i < bytes.length; ) {
    const length = lengthOf(bytes[i]!);
    if (length === 1 ? bytes[i]! >= 0x80 : !isUtf8(bytes.subarray(i, i + length))) return i;
    i += length;
  }
  return -1;
}
