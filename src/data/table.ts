import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { ConfigError, type Help, helpFields } from '../config/diagnostic.ts';

/** A position in a data file, 1-based; columns count UTF-16 units as editors do. */
export interface FilePosition {
  readonly line: number;
  readonly column: number;
  /** Binary files have rows only, 1-based; their line and column are 1. */
  readonly row?: number;
}

export interface Row {
  /**
   * In the order of the table's columns: strings in CSV and TSV, any value in JSONL and Parquet. CSV rows may have more cells than
   * the table has columns.
   */
  readonly cells: readonly unknown[];
  /** Where a cell begins; computed on demand, for messages. */
  position(column: number): FilePosition;
}

/** The rows of a data file, streamed. */
export interface Table {
  readonly file: string;
  /** `owner/name` of the dataset on the Hub that the file belongs to, if it does. */
  readonly dataset?: string;
  readonly columns: readonly string[];
  readonly rows: AsyncIterable<Row>;
}

/** An error at a position of a data file, reported like errors in the config. */
export class DataError extends ConfigError {
  constructor(file: string, { line, column, row }: FilePosition, message: string, help: Help) {
    super([
      {
        file,
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

  async *chunks(): AsyncGenerator<Buffer> {
    const stream: AsyncIterable<Buffer> = createReadStream(this.path);
    for await (const chunk of stream) {
      this.#hash.update(chunk);
      this.#onBytes(chunk.length);
      yield chunk;
    }
  }

  /** SHA-256 of the whole file, hex; call it once, after `chunks` has ended. */
  fingerprint(): string {
    return this.#hash.digest('hex');
  }
}
