import { closeSync, openSync, readSync } from 'node:fs';
import { parseEvent, type StepEvent } from './events.ts';
import { runFile } from './grainFolder.ts';

/** Of so many steps the place of one is remembered. */
const SPACING = 1024;
const BLOCK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

interface Mark {
  readonly step: number;
  readonly offset: number;
}

/** The steps that a log held when a run was resumed, read again one after another as the run repeats them. */
export class LoggedSteps {
  readonly #file: string;
  readonly #marks: Mark[] = [];
  #count = 0;
  #last = 0;
  #lines: ForwardLines | undefined;

  /** @param folder of the run */
  constructor(folder: string) {
    this.#file = runFile(folder, 'events');
  }

  /** The number of the last step; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** @param offset of its line; steps come in the order of the log */
  add({ step }: StepEvent, offset: number): void {
    if (this.#count % SPACING === 0) this.#marks.push({ step, offset });
    this.#count++;
    this.#last = step;
  }

  /** The step with that number, higher than in the call before; null if the log does not hold it. */
  at(step: number): StepEvent | null {
    if (step > this.#last) return null;
    this.#lines ??= new ForwardLines(this.#file, this.#before(step));
    for (let line = this.#lines.next(); line !== null; line = this.#lines.next()) {
      const event = parseEvent(line);
      if (typeof event !== 'object' || event.kind !== 'step' || event.step < step) continue;
      return event.step === step ? event : null;
    }
    return null;
  }

  close(): void {
    this.#lines?.close();
  }

  #before(step: number): number {
    return this.#marks.findLast((mark) => mark.step <= step)?.offset ?? 0;
  }
}

/** The lines of a file, one after another. */
class ForwardLines {
  readonly #file: number;
  #offset: number;
  /** Read, and not yet given. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(file: string, offset: number) {
    this.#file = openSync(file, 'r');
    this.#offset = offset;
  }

  /** Null behind the last whole line. */
  next(): string | null {
    for (;;) {
      const end = this.#rest.indexOf(NEWLINE);
      if (end >= 0) {
        const line = this.#rest.toString('utf8', 0, end);
        this.#rest = this.#rest.subarray(end + 1);
        return line;
      }
      const block = Buffer.alloc(BLOCK_BYTES);
      const read = readSync(this.#file, block, 0, block.length, this.#offset);
      if (read === 0) return null;
      this.#offset += read;
      this.#rest = Buffer.concat([this.#rest, block.subarray(0, read)]);
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}
