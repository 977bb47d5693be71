import { DataProblem } from './problem.ts';
import type { Source } from './source.ts';
import type { Place, Row, Table } from './table.ts';

/** As Python writes them in place of a value. */
const BARE_NUMBER = /(?<=[:,[]\s*)-?(?:NaN|Infinity)(?=\s*[,}\]])/;

interface Line {
  readonly text: string;
  readonly number: number;
}

interface JsonRecord {
  readonly line: Line;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * Streams a file of one JSON object a line; the first one's keys are the columns.
 * @throws DataProblem for an empty file and, while iterating, broken JSON and objects with other keys than the first
 */
export async function readJsonl(source: Source): Promise<Table> {
  const records = recordsOf(source);
  const first = await records.next();
  if (first.done) {
    throw new DataProblem(source.file, { line: 1, column: 1 }, 'the file is empty', {
      expected: 'one JSON object a line',
    });
  }
  const columns = Object.keys(first.value.values);
  return { file: source.file, columns, rows: rowsOf(source, columns, first.value, records) };
}

async function* rowsOf(
  source: Source,
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
      const place = { line: line.number, column: 1 };
      throw new DataProblem(source.file, place, `the object lacks the key "${missing}"`, {
        expected: 'the keys of the first line on every line',
      });
    }
    const extra = Object.keys(values).find((name) => !known.has(name));
    if (extra !== undefined) {
      throw new DataProblem(source.file, placeOf(line, extra), `unknown key "${extra}"`, {
        expected: 'the keys of the first line on every line',
      });
    }
    yield rowOf(columns, record);
  }
}

function rowOf(columns: readonly string[], { line, values }: JsonRecord): Row {
  return {
    cells: columns.map((name) => values[name]),
    place: (column) => placeOf(line, columns[column]!),
  };
}

function placeOf({ text, number }: Line, key: string): Place {
  return { line: number, column: Math.max(0, text.indexOf(JSON.stringify(key))) + 1 };
}

async function* recordsOf(source: Source): AsyncGenerator<JsonRecord> {
  for await (const line of linesOf(source.chunks())) {
    if (line.text.trim() === '') continue;
    yield { line, values: parsed(source, line) };
  }
}

function parsed(source: Source, { text, number }: Line): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const bare = BARE_NUMBER.exec(text);
    if (bare) {
      const place = { line: number, column: bare.index + 1 };
      throw new DataProblem(source.file, place, `${bare[0]} is no number of JSON`, {
        expected: 'a finite number: mend the value or remove its line',
      });
    }
    const { message } = error as SyntaxError;
    // Not every message of V8's names the position; then it quotes what is around it.
    const column = Number(/position (\d+)/.exec(message)?.[1] ?? 0) + 1;
    throw new DataProblem(source.file, { line: number, column }, message, {
      expected: 'one JSON object a line',
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DataProblem(source.file, { line: number, column: 1 }, 'the line is not an object', {
      expected: 'one JSON object a line',
    });
  }
  return value as Record<string, unknown>;
}

/** Lines end at \n alone: `node:readline` also breaks at U+2028, which JSON allows inside strings. */
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
