import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import type { RunEvent } from './events.ts';
import { runFile } from './grainFolder.ts';
import { jsonLine } from './jsonLine.ts';
import type { Line } from './tail.ts';

const NEWLINE = 0x0a;
const BLOCK_BYTES = 64 * 1024;

/**
 * Appends to the event log of a run. Once `append` returns, the operating system has the whole line: killing this process cannot
 * lose it. There must be one writer at a time, which `takeOwnership` ensures.
 */
export class EventWriter {
  readonly #file: number;

  private constructor(file: number) {
    this.#file = file;
  }

  /** Opens or creates the log in a run's folder, and cuts off the incomplete line that a killed writer may have left. */
  static open(folder: string): EventWriter {
    const file = openSync(runFile(folder, 'events'), 'a+');
    try {
      ftruncateSync(file, endOfLastLine(file));
      return new EventWriter(file);
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  /** One write for one line. @returns the line */
  append(event: RunEvent): Line {
    const line = Buffer.from(jsonLine(event));
    const end = fstatSync(this.#file).size;
    const written = writeSync(this.#file, line);
    if (written === line.length) return { offset: end, bytes: line.subarray(0, -1) };
    // The next event would otherwise continue the incomplete line.
    ftruncateSync(this.#file, end);
    const message = `only ${written} of ${line.length} bytes of an event could be written`;
    throw Object.assign(new Error(message), { code: 'ENOSPC' });
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Where the last whole line ends: after the last newline. */
function endOfLastLine(file: number): number {
  const block = Buffer.alloc(BLOCK_BYTES);
  let end = fstatSync(file).size;
  while (end > 0) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const length = readSync(file, block, 0, end - start, start);
    const newline = block.subarray(0, length).lastIndexOf(NEWLINE);
    if (newline >= 0) return start + newline + 1;
    end = start;
  }
  return 0;
}
