/** Objects in JSON text, with what `JSON.parse` loses: numbers as they are written, repeated keys, and where things are. */
import { messageOf } from '../config/errors.ts';
import { WrittenNumber } from './table.ts';

/** An entry of an object: offsets in the object's text. */
interface Entry {
  readonly key: string;
  /** Of the key's opening quote. */
  readonly keyStart: number;
  readonly start: number;
  readonly end: number;
}

/** A mistake in JSON text. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
  /** Offset in the text. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** A JSON object whose values are read on demand. */
export class JsonObject {
  readonly text: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #entries: ReadonlyMap<string, Entry>;

  /**
   * NaN and Infinity, which Python writes although JSON does not have them, are numbers.
   * @throws JsonError for other mistakes, for values that are not objects, and for keys that are repeated
   */
  constructor(text: string) {
    this.text = text;
    this.#values = parsed(text);
    const entries = entriesOf(text);
    this.#entries = new Map(entries.map((entry) => [entry.key, entry]));
    if (this.#entries.size < entries.length) {
      const again = entries.find((entry) => this.#entries.get(entry.key) !== entry)!;
      const { key, keyStart } = this.#entries.get(again.key)!;
      throw new JsonError(`the key "${key}" appears twice`, keyStart);
    }
  }

  get keys(): Iterable<string> {
    return this.#entries.keys();
  }

  /** A number that float64 would change, or write in another way, is a {@link WrittenNumber}; undefined if the key is missing. */
  value(key: string): unknown {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    return BEGINS_NUMBER.test(this.text[entry.start]!)
      ? numberFrom(this.text.slice(entry.start, entry.end))
      : this.#values[key];
  }

  /** Offsets of a key and its value; undefined if it is missing. */
  entry(key: string): Pick<Entry, 'keyStart' | 'start'> | undefined {
    return this.#entries.get(key);
  }
}

const BEGINS_NUMBER = /[-\dNI]/;

function numberFrom(text: string): number | WrittenNumber {
  const value = Number(text);
  return String(value) === text && Number.isFinite(value) ? value : new WrittenNumber(text);
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    value = parsedWithBareNumbers(text, error);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new JsonError('not a JSON object', text.search(/\S/));
}

/** @param error of parsing the text as it is */
function parsedWithBareNumbers(text: string, error: unknown): unknown {
  const replaced = withoutBareNumbers(text);
  if (replaced === text) throw new JsonError(reasonIn(error), errorOffset(text, error));
  try {
    return JSON.parse(replaced);
  } catch (other) {
    throw new JsonError(reasonIn(other), errorOffset(replaced, other));
  }
}

const BARE_NUMBER = /"|(?<![\w.+-])-?(?:NaN|Infinity)(?![\w.])/g;

/** Replaces NaN and Infinity outside of strings, by numbers of the same length. */
function withoutBareNumbers(text: string): string {
  const pieces: string[] = [];
  let done = 0;
  BARE_NUMBER.lastIndex = 0;
  for (let found = BARE_NUMBER.exec(text); found; found = BARE_NUMBER.exec(text)) {
    if (found[0] === '"') {
      BARE_NUMBER.lastIndex = endOfString(text, found.index);
    } else {
      pieces.push(text.slice(done, found.index), '0'.padEnd(found[0].length));
      done = BARE_NUMBER.lastIndex;
    }
  }
  return pieces.length === 0 ? text : pieces.join('') + text.slice(done);
}

/** Where V8's message has no position: the end of the shortest beginning that is wrong whatever follows. */
function errorOffset(text: string, error: unknown): number {
  const position = positionIn(error);
  if (position !== null) return position;
  let [valid, wrong] = [0, text.length];
  while (wrong - valid > 1) {
    const middle = (valid + wrong) >> 1;
    if (canContinue(text.slice(0, middle))) valid = middle;
    else wrong = middle;
  }
  return valid;
}

function canContinue(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return true;
  } catch (error) {
    return (
      /end of JSON|Unterminated/.test(messageOf(error)) || positionIn(error) === beginning.length
    );
  }
}

/** Without its place, which is that in a piece of the file, and without that piece. */
function reasonIn(error: unknown): string {
  const message = messageOf(error)
    .replace(/ at position \d+.*$/s, '')
    .replace(/, (?:\.\.\.)?".*" is not valid JSON$/s, ' in JSON')
    .replace(/, (?:\.\.\.)?".*"\.\.\. is not valid JSON$/s, ' in JSON');
  return message.includes('\ufeff') ? 'a byte order mark (U+FEFF) within the file' : message;
}

function positionIn(error: unknown): number | null {
  const found = /at position (\d+)/.exec(messageOf(error));
  return found && Number(found[1]);
}

const NOT_SPACE = /[^ \t\r\n]/g;

/** The entries of an object, in valid JSON but for bare numbers. */
function entriesOf(text: string): Entry[] {
  const entries: Entry[] = [];
  let at = afterSpace(text, afterSpace(text, 0) + 1);
  while (text[at] === '"') {
    const keyStart = at;
    const keyEnd = endOfString(text, at);
    const written = text.slice(keyStart, keyEnd);
    const key = written.includes('\\') ? (JSON.parse(written) as string) : written.slice(1, -1);
    const start = afterSpace(text, afterSpace(text, keyEnd) + 1);
    const end = endOfValue(text, start);
    entries.push({ key, keyStart, start, end });
    at = afterSpace(text, afterSpace(text, end) + 1);
  }
  return entries;
}

/** Offset of the next character that is not white space, or the text's length. */
export function afterSpace(text: string, from: number): number {
  NOT_SPACE.lastIndex = from;
  return NOT_SPACE.exec(text)?.index ?? text.length;
}

/** Offset after the string that begins with the quote at `start`, or the text's length. */
function endOfString(text: string, start: number): number {
  for (let quote = start; ; ) {
    quote = text.indexOf('"', quote + 1);
    if (quote < 0) return text.length;
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
}

const STRUCTURE = /["{}[\]]/g;
const END_OF_SCALAR = /[\s,\]}]/g;

/** Offset after the value that begins at `start`, or the text's length. */
export function endOfValue(text: string, start: number): number {
  if (text[start] === '"') return endOfString(text, start);
  if (text[start] !== '{' && text[start] !== '[') {
    END_OF_SCALAR.lastIndex = start;
    return END_OF_SCALAR.exec(text)?.index ?? text.length;
  }
  let depth = 0;
  STRUCTURE.lastIndex = start;
  for (let found = STRUCTURE.exec(text); found; found = STRUCTURE.exec(text)) {
    if (found[0] === '"') STRUCTURE.lastIndex = endOfString(text, found.index);
    else if (found[0] === '{' || found[0] === '[') depth++;
    else if (--depth === 0) return found.index + 1;
  }
  return text.length;
}
