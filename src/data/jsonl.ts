import { messageOf } from '../config/errors.ts';
import { DataError, type FilePosition, type Row, type Table, type TableFile } from './table.ts';

/** NaN and Infinity, which Python writes although JSON does not allow them. */
const BARE_NUMBER = /(?<=[:,[]\s*)-?(?:NaN|Infinity)(?=\s*[,}\]])/;

interface Line {
  readonly text: string;
  readonly number: number;
}

type Values = Readonly<Record<string, unknown>>;

interface JsonRecord {
  readonly line: Line;
  readonly values: Values;
}

/**
 * Streams a file of one JSON object per line; the keys of the first object are the columns.
 * @throws DataError for an empty file and, while iterating, invalid JSON and objects with other keys than the first
 */
export async function readJsonl(file: TableFile): Promise<Table> {
  const records = recordsOf(file);
  const first = await records.next();
  if (first.done) {
    throw new DataError(file.path, { line: 1, column: 1 }, 'the file is empty', {
      expected: 'one JSON object per line',
    });
  }
  const columns = Object.keys(first.value.values);
  return { file: file.path, columns, rows: rowsOf(file, columns, first.value, records) };
}

async function* rowsOf(
  file: TableFile,
  columns: readonly string[],
  first: JsonRecord,
  others: AsyncIterable<JsonRecord>,
): AsyncGenerator<Row> {
  const known = new Set(columns);
  yield rowOf(columns, first);
  for await (const record of others) {
    const { line, values } = record;
    const missing = columns.find((name) => !Object.hasOwn(values, name));
    if (missing !== undefined) {
      const start = { line: line.number, column: 1 };
      throw new DataError(file.path, start, `the object lacks the key "${missing}"`, {
        expected: 'the keys of the first line on every line',
      });
    }
    const extra = Object.keys(values).find((name) => !known.has(name));
    if (extra !== undefined) {
      throw new DataError(file.path, positionOf(line, extra), `unknown key "${extra}"`, {
        expected: 'the keys of the first line on every line',
      });
    }
    yield rowOf(columns, record);
  }
}

function rowOf(columns: readonly string[], { line, values }: JsonRecord): Row {
  return {
    cells: columns.map((name) => values[name]),
    position: (column) => positionOf(line, columns[column]!),
  };
}

function positionOf({ text, number }: Line, key: string): FilePosition {
  return { line: number, column: Math.max(0, text.indexOf(JSON.stringify(key))) + 1 };
}

async function* recordsOf(file: TableFile): AsyncGenerator<JsonRecord> {
  for await (const line of linesOf(file.chunks())) {
    if (line.text.trim() === '') continue;
    yield { line, values: parseLine(file, line) };
  }
}

function parseLine(file: TableFile, { text, number }: Line): Values {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const bare = BARE_NUMBER.exec(text);
    if (bare) {
      const position = { line: number, column: bare.index + 1 };
      throw new DataError(file.path, position, `${bare[0]} is not valid JSON`, {
        expected: 'a finite number. Fix the value or remove its line',
      });
    }
    const message = messageOf(error);
    // Where V8's message has no position, it quotes the text around it instead.
    const column = Number(/position (\d+)/.exec(message)?.[1] ?? 0) + 1;
    throw new DataError(file.path, { line: number, column }, message, {
      expected: 'one JSON object per line',
    });
  }
  if (isObject(value)) return value;
  throw new DataError(file.path, { line: number, column: 1 }, 'the line is not a JSON object', {
    expected: 'one JSON object per line',
  });
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Lines end at \n only: `node:readline` also breaks at U+2028, which JSON allows inside strings. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  const decoder = new TextDecoder();
  let number = 0;
  let pending = '';
  for await (const chunk of chunks) {
    const lines = (pending + decoder.decode(chunk, { stream: true })).split('\n');
    pending = lines.pop()!;
    for (const text of lines) yield { text, number: ++number };
  }
  pending += decoder.decode();
  if (pending !== '') yield { text: pending, number: ++number };
}
