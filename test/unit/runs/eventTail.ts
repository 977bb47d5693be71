import { parseEvent, type RunEvent } from '../../../src/runs/events.ts';
import { runFile } from '../../../src/runs/grainFolder.ts';
import { LineTail } from '../../../src/runs/tail.ts';

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
