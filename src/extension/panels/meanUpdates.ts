import { meanRunFor } from '../../runs/cost.ts';
import { countUpdates, type UpdateCounts } from '../../runs/guaranteeTally.ts';
import type { RunSummary } from '../../runs/store.ts';
import type { EventReader } from './runFeed.ts';

/** How often updates of the mean's run of the same experiment and seed conflicted with a group, beside whichever run is shown. */
export class MeanUpdates<Run extends RunSummary> {
  readonly #open: (run: Run) => EventReader;
  #log: { readonly folder: string; readonly source: EventReader } | undefined;
  #counts: UpdateCounts = { conflicted: 0, measured: 0 };

  /** @param open events of a run, from the beginning */
  constructor(open: (run: Run) => EventReader) {
    this.#open = open;
  }

  /** Reads what was logged since the last call. @returns null if there is no such run */
  async read(run: Run, runs: readonly Run[]): Promise<UpdateCounts | null> {
    const mean = meanRunFor(run, runs);
    if (!mean) return null;
    const { folder } = mean;
    if (this.#log?.folder !== folder) {
      this.#log = { folder, source: this.#open(mean) };
      this.#counts = { conflicted: 0, measured: 0 };
    }
    const events = await this.#log.source.read();
    this.#counts = countUpdates(
      this.#counts,
      events.filter((event) => event.kind === 'step'),
    );
    return this.#counts;
  }
}
