/** Tables in JSON: one object per line, or an array of objects. */

import { afterSpace, endOfValue, JsonError, JsonObject } from './jsonText.ts';
import {
  DataError,
  FIRST_POSITION,
  type FilePosition,
  MAX_ROW,
  type Row,
  type Table,
  type TableFile,
  type UsedColumns,
  WrittenNumber,
} from './table.ts';
import { textChunks } from './textFile.ts';

/** The text of an object, or what should be one, and where it begins. */
interface Piece {
  readonly text: string;
  readonly start: FilePosition;
}

interface JsonRecord {
  readonly piece: Piece;
  readonly object: JsonObject;
}

/**
 * Streams a file of one JSON object per line; the keys of the first object are the columns.
 * @throws DataError for an empty file and, while iterating, invalid JSON and missing keys
 */
export function readJsonl(file: TableFile): Promise<Table> {
  return tableOf(file, linesOf(file, textChunks(file)), 'one JSON object per line');
}

/**
 * Reads a JSON array of objects, or streams one object per line, as the first character says.
 * @throws DataError as {@link readJsonl} does, and for other JSON
 */
export async function readJson(file: TableFile): Promise<Table> {
  const { first, chunks } = await peek(textChunks(file));
  if (first === '[') return tableOf(file, elementsOf(file, chunks), 'objects in the array');
  return tableOf(file, linesOf(file, chunks), RECORDS);
}

const RECORDS =
  'an array of objects, or one object per line. In pandas: to_json(path, orient="records", lines=True)';

async function tableOf(
  file: TableFile,
  pieces: AsyncIterable<Piece>,
  expected: string,
): Promise<Table> {
  const records = recordsOf(file, pieces, expected);
  const first = await records.next();
  if (first.done) {
    throw new DataError(file.path, FIRST_POSITION, 'the file is empty', { expected });
  }
  const columns = [...first.value.object.keys];
  checkIsExample(file, first.value, columns);
  return {
    file: file.path,
    columns,
    advice: adviceFor(first.value.object),
    rows: (used) => rowsOf(file, columns, used, first.value, records),
  };
}

/** An object may be a document that has the examples in a list, such as `{ "version": …, "data": […] }`. */
function adviceFor(object: JsonObject): string | undefined {
  const key = [...object.keys].find((name) => {
    const value = object.value(name);
    return Array.isArray(value) && typeof value[0] === 'object' && value[0] !== null;
  });
  if (key === undefined) return undefined;
  const shown = JSON.stringify(key);
  return `If the examples are the list ${shown}, write it to a file of its own: jq '.[${shown}]' FILE > NEW`;
}

/** An object of lists or of objects is a whole table or a document, such as pandas' `to_json` writes. */
function checkIsExample(
  file: TableFile,
  { piece, object }: JsonRecord,
  columns: readonly string[],
) {
  const isNested = columns.every((name) => {
    const value = object.value(name);
    return typeof value === 'object' && value !== null && !(value instanceof WrittenNumber);
  });
  if (!isNested) return;
  throw new DataError(
    file.path,
    piece.start,
    columns.length === 0
      ? 'the first object has no keys'
      : 'the first object holds only lists or objects: it is not an example',
    { expected: RECORDS },
  );
}

async function* rowsOf(
  file: TableFile,
  columns: readonly string[],
  used: UsedColumns,
  first: JsonRecord,
  others: AsyncIterable<JsonRecord>,
): AsyncGenerator<Row> {
  yield rowOf(columns, used, first);
  const known = new Set(columns);
  for await (const record of others) {
    const { piece, object } = record;
    for (const index of used.columns) {
      const name = columns[index]!;
      if (object.entry(name)) continue;
      throw new DataError(file.path, piece.start, `the object lacks the key "${name}"`, {
        expected: 'the keys of the first object in every object',
      });
    }
    const extra = used.all ? [...object.keys].find((name) => !known.has(name)) : undefined;
    if (extra !== undefined) {
      throw new DataError(
        file.path,
        positionOf(piece, object.entry(extra)!.keyStart),
        `unknown key "${extra}"`,
        {
          expected:
            'the keys of the first object in every object, all of which are features. List data.features to ignore others',
        },
      );
    }
    yield rowOf(columns, used, record);
  }
}

function rowOf(columns: readonly string[], used: UsedColumns, { piece, object }: JsonRecord): Row {
  return {
    cells: columns.map((name, index) => (used.columns.has(index) ? object.value(name) : undefined)),
    position: (column) => positionOf(piece, object.entry(columns[column]!)?.start ?? 0),
  };
}

/** Where an offset in a piece's text is in the file. */
function positionOf({ text, start }: Piece, offset: number): FilePosition {
  const lines = text.slice(0, offset).split(LINE_END);
  const column = lines.at(-1)!.length + 1;
  return lines.length === 1
    ? { line: start.line, column: start.column + column - 1 }
    : { line: start.line + lines.length - 1, column };
}

async function* recordsOf(
  file: TableFile,
  pieces: AsyncIterable<Piece>,
  expected: string,
): AsyncGenerator<JsonRecord> {
  for await (const piece of pieces) {
    try {
      yield { piece, object: new JsonObject(piece.text) };
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      const { line, column } = piece.start;
      const isArray = line === 1 && column === 1 && piece.text[afterSpace(piece.text, 0)] === '[';
      throw new DataError(file.path, positionOf(piece, error.offset), error.message, {
        expected: isArray ? `${expected}, or data.format: json for an array` : expected,
      });
    }
  }
}

async function peek(
  chunks: AsyncGenerator<string>,
): Promise<{ readonly first: string | undefined; readonly chunks: AsyncGenerator<string> }> {
  const seen: string[] = [];
  let first: string | undefined;
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
    seen.push(next.value);
    first = next.value.trimStart()[0];
    if (first !== undefined) break;
  }
  async function* all() {
    yield* seen;
    yield* chunks;
  }
  return { first, chunks: all() };
}

const LINE_END = /\r\n?|\n/;

/** Other white space, such as a no-break space, is no part of JSON. */
const BLANK = /^[ \t]*$/;

/** Lines that are not blank. `node:readline` would also break at U+2028, which JSON allows inside strings. */
async function* linesOf(file: TableFile, chunks: AsyncIterable<string>): AsyncGenerator<Piece> {
  let line = 1;
  // A line may come in thousands of chunks: they are joined once.
  let pending: string[] = [];
  let length = 0;
  let endsInReturn = false;
  const take = (last: string): Piece => {
    const text = pending.length > 0 ? pending.join('') + last : last;
    pending = [];
    return { text, start: { line: line++, column: 1 } };
  };
  for await (const chunk of chunks) {
    const rest = endsInReturn && chunk.startsWith('\n') ? chunk.slice(1) : chunk;
    if (chunk !== '') endsInReturn = chunk.endsWith('\r');
    const pieces = rest.split(LINE_END);
    const last = pieces.pop()!;
    for (const text of pieces) {
      const piece = take(text);
      if (!BLANK.test(piece.text)) yield piece;
    }
    if (last !== '') pending.push(last);
    length = pieces.length === 0 ? length + last.length : last.length;
    checkLength(
      { file, at: { line, column: 1 }, most: MAX_ROW },
      length,
      'one JSON object per line',
    );
  }
  const piece = take('');
  if (!BLANK.test(piece.text)) yield piece;
}

/** Longest array, in characters: strings have at most 2²⁹. */
const MAX_ARRAY = 500_000_000;

function checkLength(
  { file, at, most }: { file: TableFile; at: FilePosition; most: number },
  length: number,
  expected: string,
): void {
  if (length <= most) return;
  const millions = Math.floor(most / 1e6);
  throw new DataError(file.path, at, `more than ${millions} million characters`, { expected });
}

/** The elements of an array, which is read as a whole. */
async function* elementsOf(file: TableFile, chunks: AsyncIterable<string>): AsyncGenerator<Piece> {
  const pieces: string[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    pieces.push(chunk);
    length += chunk.length;
    checkLength(
      { file, at: FIRST_POSITION, most: MAX_ARRAY },
      length,
      'a shorter array, or one JSON object per line',
    );
  }
  const text = pieces.join('');
  const place = new Place(text);
  const wrong = (offset: number, message: string) =>
    new DataError(file.path, place.at(offset), message, { expected: 'a JSON array of objects' });
  let at = afterSpace(text, afterSpace(text, 0) + 1);
  if (text[at] !== ']') {
    for (;;) {
      const end = endOfValue(text, at);
      yield { text: text.slice(at, end), start: place.at(at) };
      at = afterSpace(text, end);
      if (text[at] === ']') break;
      if (at >= text.length) throw wrong(at, 'the array is not closed: the file is not complete');
      if (text[at] !== ',') throw wrong(at, `${JSON.stringify(text[at])} between two objects`);
      at = afterSpace(text, at + 1);
      if (text[at] === ']') throw wrong(at, 'a comma before the end of the array');
    }
  }
  const rest = afterSpace(text, at + 1);
  if (rest < text.length) throw wrong(rest, 'text after the array');
}

/** Positions of increasing offsets in a text. */
class Place {
  readonly #text: string;
  #offset = 0;
  #start: FilePosition = FIRST_POSITION;

  constructor(text: string) {
    this.#text = text;
  }

  at(offset: number): FilePosition {
    const between = this.#text.slice(this.#offset, offset);
    this.#start = positionOf({ text: between, start: this.#start }, between.length);
    this.#offset = offset;
    return this.#start;
  }
}
