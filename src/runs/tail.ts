import { type FileHandle, open } from 'node:fs/promises';
import { hasCode } from '../config/errors.ts';
import { parseEvent, type RunEvent } from './events.ts';
import { runFile } from './grainFolder.ts';

const NEWLINE = 0x0a;
const BLOCK_BYTES = 256 * 1024;

/**
 * Follows a file that grows by lines. Text after the last newline is left for the next read, so no line or character is ever cut.
 */
export class LineTail {
  readonly #file: string;
  /** Behind the last line read. */
  #offset = 0;
  #restarts = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  /** How often the file was found shorter than what had been read of it, and read again from its start. */
  get restarts(): number {
    return this.#restarts;
  }

  /** The lines added since the last call, without their newlines; none if the file does not exist. Overlapping calls run one after another. */
  read(): Promise<string[]> {
    const lines = this.#last.then(() => this.#readAdded());
    this.#last = lines.catch(() => {});
    return lines;
  }

  async #readAdded(): Promise<string[]> {
    let file: FileHandle;
    try {
      file = await open(this.#file, 'r');
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    }
    try {
      const { size } = await file.stat();
      if (size < this.#offset) {
        this.#offset = 0;
        this.#restarts++;
      }
      return await this.#readUpTo(size, file);
    } finally {
      await file.close();
    }
  }

  async #readUpTo(size: number, file: FileHandle): Promise<string[]> {
    const lines: string[] = [];
    let block = Buffer.alloc(Math.min(BLOCK_BYTES, size - this.#offset));
    while (this.#offset < size) {
      const { bytesRead } = await file.read(block, 0, block.length, this.#offset);
      const newline = block.subarray(0, bytesRead).lastIndexOf(NEWLINE);
      if (newline >= 0) {
        lines.push(...block.toString('utf8', 0, newline).split('\n'));
        this.#offset += newline + 1;
      } else if (bytesRead === block.length && this.#offset + bytesRead < size) {
        // A line longer than the block.
        block = Buffer.alloc(2 * block.length);
      } else {
        break;
      }
    }
    return lines;
  }
}

/** Follows the event log of a run. */
export class EventTail {
  readonly #lines: LineTail;
  #skipped = 0;

  /** @param folder of the run; the log need not exist yet */
  constructor(folder: string) {
    this.#lines = new LineTail(runFile(folder, 'events'));
  }

  /** Lines that were not events, or lacked a field of their kind. Events of unknown kinds are left out, but not counted. */
  get skipped(): number {
    return this.#skipped;
  }

  /** The events added since the last call. A log that was cut or replaced by a shorter one is read from its start again. */
  async read(): Promise<RunEvent[]> {
    const events: RunEvent[] = [];
    for (const line of await this.#lines.read()) {
      const event = parseEvent(line);
      if (typeof event === 'object') events.push(event);
      else if (event === 'invalid') this.#skipped++;
    }
    return events;
  }
}

/** All events that a run has logged. @param folder of the run */
export function readEvents(folder: string): Promise<RunEvent[]> {
  return new EventTail(folder).read();
}
