import type { RunEvent } from './events.ts';
import { runFile } from './grainFolder.ts';
import { LineTail } from './lineTail.ts';
import { isKnown, isRunEvent } from './shape.ts';

/** Follows the event log of a run. */
export class EventTail {
  readonly #lines: LineTail;
  #skipped = 0;

  /** @param folder of the run; the log need not exist yet */
  constructor(folder: string) {
    this.#lines = new LineTail(runFile(folder, 'events'));
  }

  /**
   * Lines that were no events, or lacked a field of their kind. Events of kinds that this version does not know are left out,
   * too, but not counted.
   */
  get skipped(): number {
    return this.#skipped;
  }

  /** The events added since the last call. A log that was cut or replaced by a shorter one is read from its start again. */
  async read(): Promise<RunEvent[]> {
    const events: RunEvent[] = [];
    for (const line of await this.#lines.read()) {
      const event = parseEvent(line);
      if (event !== null && isRunEvent(event)) events.push(event);
      else if (event === null || isKnown(event.kind)) this.#skipped++;
    }
    return events;
  }
}

/** All events that a run has logged. @param folder of the run */
export function readEvents(folder: string): Promise<RunEvent[]> {
  return new EventTail(folder).read();
}

/** An event as one line of a log; `null` if it is none. */
export function parseEvent(line: string): { readonly kind: string } | null {
  try {
    const value: unknown = JSON.parse(line);
    const isEvent = typeof value === 'object' && value !== null && 'kind' in value;
    return isEvent && typeof value.kind === 'string' ? { ...value, kind: value.kind } : null;
  } catch {
    return null;
  }
}
