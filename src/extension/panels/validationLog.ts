import type { RunEvent } from '../../runs/events.ts';
import type { Validation } from './seedSeries.ts';

/** The validations of one run; only ever grows. */
export class ValidationLog {
  readonly validations: Validation[] = [];
  readonly #source: { read(): Promise<RunEvent[]> };

  constructor(source: { read(): Promise<RunEvent[]> }) {
    this.#source = source;
  }

  /** Takes in what was logged since the last call. */
  async update(): Promise<void> {
    for (const event of await this.#source.read()) {
      if (event.kind === 'validation') this.validations.push(event);
    }
  }
}
