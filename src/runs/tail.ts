import { type FileHandle, open } from 'node:fs/promises';
import { hasCode } from '../config/errors.ts';
import { parseEvent, type RunEvent } from './events.ts';
import { runFile } from './grainFolder.ts';

const NEWLINE = 0x0a;
const BLOCK_BYTES = 256 * 1024;
/** How much of the last line read is compared before the next read. */
const MARK_BYTES = 4096;

export interface Line {
  /** Its first byte's place in the file. */
  readonly offset: number;
  /** Without the newline; valid until the visit returns. */
  readonly bytes: Buffer;
}

/**
 * A place in a file that grows, behind a line, and the bytes that led there, the newline included: a file that has other bytes
 * there was replaced, whatever its size.
 */
export interface Place {
  readonly offset: number;
  readonly mark: Buffer;
}

export const START: Place = { offset: 0, mark: Buffer.alloc(0) };

/** The place behind a line and its newline. */
export function placeBehind({ offset, bytes }: Line): Place {
  const mark = Buffer.concat([bytes.subarray(-(MARK_BYTES - 1)), Buffer.of(NEWLINE)]);
  return { offset: offset + bytes.length + 1, mark };
}

/** Whether a file still has at a place what it had there. */
export async function isStillAt(file: FileHandle, { offset, mark }: Place): Promise<boolean> {
  const found = Buffer.alloc(mark.length);
  const { bytesRead } = await file.read(found, 0, mark.length, offset - mark.length);
  return bytesRead === mark.length && found.equals(mark);
}

interface Visitor {
  line(line: Line): void;
  /** The file was cut or replaced, and is read from its start again. */
  restart(): void;
  /** After each block: bytes of the file read so far, and its size. */
  progress?(read: number, size: number): void;
}

/**
 * Follows a file that grows by lines, a block at a time. Text after the last newline is left for the next read, so no line or
 * character is ever cut.
 */
export class LineTail {
  readonly #file: string;
  #place: Place;
  #last: Promise<unknown> = Promise.resolve();

  /** @param place where to begin */
  constructor(file: string, place = START) {
    this.#file = file;
    this.#place = place;
  }

  /** Behind the last line read. */
  get place(): Place {
    return this.#place;
  }

  /** Visits the lines added since the last call; none if the file does not exist. Overlapping calls run one after another. */
  read(visitor: Visitor): Promise<void> {
    const visit = this.#last.then(() => this.#readAdded(visitor));
    this.#last = visit.catch(() => {});
    return visit;
  }

  async #readAdded(visitor: Visitor): Promise<void> {
    let file: FileHandle;
    try {
      file = await open(this.#file, 'r');
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return;
      throw error;
    }
    try {
      if (!(await isStillAt(file, this.#place))) {
        this.#place = START;
        visitor.restart();
      }
      const { size } = await file.stat();
      await this.#readUpTo(size, file, visitor);
    } finally {
      await file.close();
    }
  }

  async #readUpTo(size: number, file: FileHandle, visitor: Visitor): Promise<void> {
    let block = Buffer.alloc(Math.min(BLOCK_BYTES, Math.max(0, size - this.#place.offset)));
    while (this.#place.offset < size) {
      const { offset } = this.#place;
      const { bytesRead } = await file.read(block, 0, block.length, offset);
      const last = visitLines(block.subarray(0, bytesRead), offset, visitor);
      if (last) {
        this.#place = placeBehind(last);
      } else if (bytesRead === block.length && offset + bytesRead < size) {
        // A line longer than the block.
        block = Buffer.alloc(2 * block.length);
      } else {
        break;
      }
      visitor.progress?.(this.#place.offset, size);
    }
  }
}

/** @returns the last whole line; null if there is none */
function visitLines(block: Buffer, offset: number, visitor: Visitor): Line | null {
  let last: Line | null = null;
  for (let start = 0; ; ) {
    const end = block.indexOf(NEWLINE, start);
    if (end < 0) return last;
    last = { offset: offset + start, bytes: block.subarray(start, end) };
    visitor.line(last);
    start = end + 1;
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

  /** The events added since the last call. A log that was cut or replaced is read from its start again. */
  async read(): Promise<RunEvent[]> {
    const events: RunEvent[] = [];
    await this.#lines.read({
      line: ({ bytes }) => {
        const event = parseEvent(bytes.toString());
        if (typeof event === 'object') events.push(event);
        else if (event === 'invalid') this.#skipped++;
      },
      restart: () => {},
    });
    return events;
  }
}

/** All events that a run has logged. @param folder of the run */
export function readEvents(folder: string): Promise<RunEvent[]> {
  return new EventTail(folder).read();
}
