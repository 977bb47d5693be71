import { readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import * as z from 'zod';
import { parseEvent, type RunEvent, type StepEvent, type ValidatingEvent } from '../events.ts';
import { IndexFile } from './indexFile.ts';
import { TornIndexError } from './records.ts';

/** Events that a run has few of, whatever its length. */
export type RareEvent = Exclude<RunEvent, StepEvent | ValidatingEvent>;

export const storedLinesSchema = z.object({ bytes: z.number(), crc: z.number() });

type StoredLines = z.infer<typeof storedLinesSchema>;

const NEWLINE = Buffer.from('\n');

/** Lines of a log: the first ones in a file, the rest in memory until they are written. */
export class RareLines {
  readonly file: IndexFile;
  #stored: number;
  /** Of the stored bytes. */
  #crc: number;
  /** Each with its newline. */
  #added: Buffer[] = [];

  /** @param stored what the file holds: how many bytes, and their CRC-32 */
  constructor(file: string, stored: StoredLines = { bytes: 0, crc: 0 }) {
    this.file = new IndexFile(file);
    this.#stored = stored.bytes;
    this.#crc = stored.crc;
  }

  /** What the file holds once all is written. */
  get whole(): StoredLines {
    const crc = this.#added.reduce((sum, line) => crc32(line, sum), this.#crc);
    return { bytes: this.bytes, crc };
  }

  get bytes(): number {
    return this.#added.reduce((sum, { length }) => sum + length, this.#stored);
  }

  /** @param line without its newline */
  push(line: Buffer): void {
    this.#added.push(Buffer.concat([line, NEWLINE]));
  }

  /** @throws as {@link IndexFile} does; nothing is then taken as written */
  write(): void {
    if (this.#added.length === 0) return;
    this.file.write(Buffer.concat(this.#added), this.#stored);
    this.shed(this.bytes);
  }

  /** Forgets lines that the file holds by now. @param stored how many bytes it holds */
  shed(stored: number): void {
    while (this.#added.length > 0 && this.#stored + this.#added[0]!.length <= stored) {
      const line = this.#added.shift()!;
      this.#stored += line.length;
      this.#crc = crc32(line, this.#crc);
    }
  }

  /** @throws TornIndexError if the file is too short */
  async read(): Promise<RareEvent[]> {
    const [stored, crc, added] = [this.#stored, this.#crc, [...this.#added]];
    const bytes = stored > 0 ? await this.#readStored(stored) : Buffer.alloc(0);
    if (crc32(bytes) !== crc) throw new TornIndexError(`${this.file.path} is damaged`);
    const text = Buffer.concat([bytes, ...added]).toString();
    return text.split('\n').flatMap((line) => {
      const event = parseEvent(line);
      const isRare = typeof event === 'object' && event.kind !== 'step';
      return isRare && event.kind !== 'validating' ? [event] : [];
    });
  }

  async #readStored(stored: number): Promise<Buffer> {
    let bytes: Buffer;
    try {
      bytes = await readFile(this.file.path);
    } catch (error) {
      throw new TornIndexError(`cannot read ${this.file.path}`, { cause: error });
    }
    if (bytes.length < stored) throw new TornIndexError(`${this.file.path} is too short`);
    return bytes.subarray(0, stored);
  }
}
