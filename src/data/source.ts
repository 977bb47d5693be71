import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** A file as it streams by: its bytes are counted and hashed on the way to whoever parses them. */
export class Source {
  readonly file: string;
  readonly #onBytes: (bytes: number) => void;
  readonly #hash = createHash('sha256');

  constructor(file: string, onBytes: (bytes: number) => void) {
    this.file = file;
    this.#onBytes = onBytes;
  }

  async *chunks(): AsyncGenerator<Buffer> {
    for await (const chunk of createReadStream(this.file) as AsyncIterable<Buffer>) {
      this.#hash.update(chunk);
      this.#onBytes(chunk.length);
      yield chunk;
    }
  }

  /** SHA-256 of the whole file, hex; once `chunks` has ended. */
  fingerprint(): string {
    return this.#hash.digest('hex');
  }
}
