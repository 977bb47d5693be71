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
    const file = await openIfThere(this.#file);
    if (!file) return;
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
    for await (const lines of blocksOf(file, this.#place.offset, size)) {
      for (const line of lines) visitor.line(line);
      this.#place = placeBehind(lines.at(-1)!);
      visitor.progress?.(this.#place.offset, size);
    }
  }
}

/**
 * The whole lines of a file from a place up to its size, as many at once as a block holds, at least one. They are valid until
 * the next ones are asked for.
 */
async function* blocksOf(file: FileHandle, from: number, size: number): AsyncGenerator<Line[]> {
  let block = Buffer.alloc(Math.min(BLOCK_BYTES, Math.max(0, size - from)));
  for (let offset = from; offset < size; ) {
    const { bytesRead } = await file.read(block, 0, block.length, offset);
    const lines = linesIn(block.subarray(0, bytesRead), offset);
    const last = lines.at(-1);
    if (last) {
      yield lines;
      offset = last.offset + last.bytes.length + 1;
    } else if (bytesRead === block.length && offset + bytesRead < size) {
      // A line longer than the block.
      block = Buffer.alloc(2 * block.length);
    } else {
      return;
    }
  }
}

/** The whole lines. @param offset of the block in its file */
function linesIn(block: Buffer, offset: number): Line[] {
  const lines: Line[] = [];
  for (let start = 0; ; ) {
    const end = block.indexOf(NEWLINE, start);
    if (end < 0) return lines;
    lines.push({ offset: offset + start, bytes: block.subarray(start, end) });
    start = end + 1;
  }
}

/** All events that a run has logged by now, with one block of its log in memory at a time. @param folder of the run */
export async function* eventsOf(folder: string): AsyncGenerator<RunEvent> {
  const file = await openIfThere(runFile(folder, 'events'));
  if (!file) return;
  try {
    const { size } = await file.stat();
    for await (const lines of blocksOf(file, 0, size)) {
      for (const { bytes } of lines) {
        const event = parseEvent(bytes.toString());
        if (typeof event === 'object') yield event;
      }
    }
  } finally {
    await file.close();
  }
}

/** {@link eventsOf} a short log. */
export async function readEvents(folder: string): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of eventsOf(folder)) events.push(event);
  return events;
}

/** To read; null if there is no such file. */
async function openIfThere(file: string): Promise<FileHandle | null> {
  try {
    return await open(file, 'r');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}
