import { parseEvent } from '../events.ts';
import { runFile } from '../grainFolder.ts';
import { BEGINNING, type Progress, progressAfter } from '../progress.ts';
import { LineTail } from '../tail.ts';
import { indexFolder, readHead } from './head.ts';

/** Start of a step's line as JSON.stringify and Python's json.dumps write it. Most lines are steps, and only the last one matters. */
const STEP_PREFIXES = ['{"kind":"step"', '{"kind": "step"'].map((prefix) => Buffer.from(prefix));

/** Follows a run for its progress only: begins where its index ends, and of many new steps parses the last. */
export class ProgressTail {
  readonly #folder: string;
  #lines: LineTail | undefined;
  #progress = BEGINNING;
  /** The latest step, not yet parsed. */
  #step: Buffer | null = null;

  /** @param folder of the run; the log need not exist yet */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(): Promise<Progress> {
    this.#lines ??= await this.#begin();
    await this.#lines.read({
      line: ({ bytes }) => {
        if (isStep(bytes)) this.#step = Buffer.from(bytes);
        else this.#add(bytes);
      },
      restart: () => {
        this.#progress = BEGINNING;
        this.#step = null;
      },
    });
    this.#addStep();
    return this.#progress;
  }

  async #begin(): Promise<LineTail> {
    const log = runFile(this.#folder, 'events');
    const indexed = await readHead(indexFolder(this.#folder), this.#folder);
    if (!indexed) return new LineTail(log);
    this.#progress = indexed.head.digest.progress;
    return new LineTail(log, indexed.place);
  }

  #add(line: Buffer): void {
    this.#addStep();
    const event = parseEvent(line.toString());
    if (typeof event === 'object') this.#progress = progressAfter(this.#progress, event);
  }

  #addStep(): void {
    const step = this.#step;
    this.#step = null;
    if (step) this.#add(step);
  }
}

function isStep(line: Buffer): boolean {
  return STEP_PREFIXES.some((prefix) => line.subarray(0, prefix.length).equals(prefix));
}
