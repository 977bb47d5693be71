import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { IndexFile } from './indexFile.ts';

/** A file whose records are not what its index says: torn by a power failure, or replaced. */
export class TornIndexError extends Error {
  override readonly name = 'TornIndexError';
}

/**
 * A list of records of equal length, in the file each with a checksum, that only grows: the first ones in a file, the rest in memory until they are written. What a
 * record holds follows from the log and its number alone, so two writers of the same log do each other no harm.
 */
export class Records {
  readonly file: IndexFile;
  readonly #width: number;
  #stored: number;
  #added: Float64Array[] = [];

  /**
   * @param width of a record, in float64 numbers
   * @param stored how many records the file holds
   */
  constructor(file: string, width: number, stored: number) {
    this.file = new IndexFile(file);
    this.#width = width;
    this.#stored = stored;
  }

  get count(): number {
    return this.#stored + this.#added.length;
  }

  get unwritten(): number {
    return this.#added.length;
  }

  push(record: Float64Array): void {
    this.#added.push(record);
  }

  /** Writes the records that are only in memory. @throws as {@link IndexFile} does; nothing is then taken as written */
  write(): void {
    if (this.#added.length === 0) return;
    const bytes = Buffer.concat(
      this.#added.flatMap((record) => [
        bytesOf(record),
        bytesOf(Float64Array.of(checksum(record))),
      ]),
    );
    this.file.write(bytes, this.#stored * this.#bytes);
    this.shed(this.count);
  }

  /** Forgets records that the file holds by now. @param stored how many it holds */
  shed(stored: number): void {
    const shed = Math.min(stored - this.#stored, this.#added.length);
    if (shed <= 0) return;
    this.#added = this.#added.slice(shed);
    this.#stored += shed;
  }

  /** The records from one number up to, without it, another. @throws TornIndexError if the file is too short */
  async read(from: number, to: number): Promise<Float64Array[]> {
    const [stored, added] = [this.#stored, this.#added];
    const inFile = Math.min(to, stored);
    const records = from < inFile ? await this.#readStored(from, inFile) : [];
    for (const record of added.slice(Math.max(0, from - stored), Math.max(0, to - stored))) {
      records.push(record);
    }
    return records;
  }

  async #readStored(from: number, to: number): Promise<Float64Array[]> {
    const width = this.#width + 1;
    const values = new Float64Array((to - from) * width);
    let file: FileHandle;
    try {
      file = await open(this.file.path, 'r');
    } catch (error) {
      throw new TornIndexError(`cannot read ${this.file.path}`, { cause: error });
    }
    try {
      const { bytesRead } = await file.read(
        new Uint8Array(values.buffer),
        0,
        values.byteLength,
        from * this.#bytes,
      );
      if (bytesRead < values.byteLength) throw new TornIndexError(`${this.file.path} is too short`);
    } finally {
      await file.close();
    }
    return Array.from({ length: to - from }, (_, i) => {
      const record = values.subarray(i * width, (i + 1) * width - 1);
      if (checksum(record) === values[(i + 1) * width - 1]) return record;
      throw new TornIndexError(`${this.file.path} is damaged`);
    });
  }

  get #bytes(): number {
    return (this.#width + 1) * Float64Array.BYTES_PER_ELEMENT;
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Not that of zeros, which a power failure may leave. */
function checksum(record: Float64Array): number {
  return 1 + crc32(bytesOf(record));
}
