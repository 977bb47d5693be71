import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { ConfigError, type Help, helpFields } from '../config/diagnostic.ts';
import { reasonOf } from '../config/errors.ts';

/** A position in a data file, 1-based; columns count UTF-16 units as editors do. */
export interface FilePosition {
  readonly line: number;
  readonly column: number;
  /** Of a table that consists of several files: the one. */
  readonly file?: string;
  /** Binary files have rows only, 1-based; their line and column are 1. */
  readonly row?: number;
}

export const FIRST_POSITION: FilePosition = { line: 1, column: 1 };

/** Longest row of a text file, in characters: a row without an end must not fill the memory. */
export const MAX_ROW = 2 ** 27;

/** A number as a file writes it, where float64 would change it: 9007199254740993, 1.0, -0, NaN, a decimal of 38 digits. */
export class WrittenNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export interface Row {
  /**
   * In the order of the table's columns: strings in CSV and TSV, any value in JSON, Parquet and Arrow, where columns that are not used
   * are undefined. CSV rows may have more cells than the table has columns.
   */
  readonly cells: readonly unknown[];
  /** Where a cell begins; computed on demand, for messages. */
  position(column: number): FilePosition;
}

/** The columns of a table that a config uses. */
export interface UsedColumns {
  readonly columns: ReadonlySet<number>;
  /** True if the config takes whatever columns there are: then a row with another one is an error. */
  readonly all: boolean;
}

/** The rows of a data file, streamed. */
export interface Table {
  /** The first, where there are several. */
  readonly file: string;
  /** `owner/name` of the dataset on the Hub that the file belongs to, if it does. */
  readonly dataset?: string;
  readonly columns: readonly string[];
  /** What to do if a column is not there, in a sentence. */
  readonly advice?: string | undefined;
  /** What is wrong with columns that are not used does not matter. */
  rows(used: UsedColumns): AsyncIterable<Row>;
}

/** An error at a position of a data file, reported like errors in the config. */
export class DataError extends ConfigError {
  /** @param table its file, where the position does not name one */
  constructor(table: string, position: FilePosition, message: string, help: Help) {
    const { line, column, row, file = table } = position;
    super([
      {
        file,
        severity: 'error',
        line,
        column,
        endLine: line,
        endColumn: column + 1,
        path: [],
        message: row === undefined ? message : `row ${row}: ${message}`,
        ...helpFields(help),
      },
    ]);
  }
}

/** Streams a data file to its parser, counting and hashing the bytes that pass. */
export class TableFile {
  readonly path: string;
  readonly #onBytes: (bytes: number) => void;
  readonly #hash = createHash('sha256');

  /** @param onBytes called with the number of bytes of each chunk */
  constructor(path: string, onBytes: (bytes: number) => void) {
    this.path = path;
    this.#onBytes = onBytes;
  }

  /** @throws DataError if the file cannot be read */
  async *chunks(): AsyncGenerator<Buffer> {
    const stream: AsyncIterable<Buffer> = createReadStream(this.path);
    try {
      for await (const chunk of stream) {
        this.#hash.update(chunk);
        this.#onBytes(chunk.length);
        yield chunk;
      }
    } catch (error) {
      throw new DataError(this.path, FIRST_POSITION, `cannot be read: ${reasonOf(error)}`, {
        expected: 'a file that can be read to its end',
      });
    }
  }

  /** SHA-256 of the whole file, hex; call it once, after `chunks` has ended. */
  fingerprint(): string {
    return this.#hash.digest('hex');
  }
}

/** @param onBytes as of each file */
export function tableFiles(
  paths: readonly string[],
  onBytes: (bytes: number) => void = () => {},
): TableFile[] {
  return paths.map((path) => new TableFile(path, onBytes));
}
