import type { Validation } from '../../experiment/validatedRuns.ts';
import { RunIndex } from '../../runs/index/runIndex.ts';
import type { SeriesName } from '../../runs/index/series.ts';
import type { WindowOfRun } from '../../runs/index/window.ts';
import type { RunSummary } from '../../runs/store.ts';
import { RunClock } from './runClock.ts';

/** At so many steps it is known how far a run was; between them in proportion. */
const PLACES = 512;

/** At some steps of a run, from the first to the last: the examples that it had seen, and the milliseconds that it had been trained. */
export interface Progress {
  readonly steps: Float64Array;
  readonly examples: Float64Array;
  readonly elapsed: Float64Array;
}

/** What is shown of several runs together, read of one of them: its validations, and its steps as columns. */
export class RunReader {
  readonly #index: Promise<RunIndex>;
  #validations: readonly Validation[] = [];
  #clock: RunClock | undefined;
  #progress: { readonly stamp: string; readonly known: Promise<Progress> } | undefined;
  /** Of which log, and how much of it, the validations were read. */
  #read = '';
  #stamp = '';
  #count = 0;

  constructor(run: Pick<RunSummary, 'folder' | 'manifest'>) {
    this.#index = RunIndex.open(run);
  }

  /** Reads what was logged since the last call, at no cost for steps. */
  async refresh(): Promise<void> {
    const index = await this.#index;
    await index.refresh();
    const read = `${index.generation} ${index.rareBytes}`;
    if (read !== this.#read) {
      const events = await index.rare();
      this.#validations = events.filter((event) => event.kind === 'validation');
      this.#clock = new RunClock(index);
      await this.#clock.resumed(events.filter((event) => event.kind === 'start'));
      this.#read = read;
    }
    this.#count = index.count;
    this.#stamp = `${read} ${index.count}`;
  }

  get validations(): readonly Validation[] {
    return this.#validations;
  }

  /** Changes whenever there is something new. */
  get stamp(): string {
    return this.#stamp;
  }

  /** Steps that were logged. */
  get count(): number {
    return this.#count;
  }

  /** @param bucket steps in a column */
  async window(
    range: { readonly from: number; readonly to: number; readonly bucket: number },
    series: SeriesName,
  ): Promise<WindowOfRun> {
    const index = await this.#index;
    return index.window({ ...range, columns: 1 }, [series]);
  }

  /** How many examples it had seen, and how long it had been trained, in the course of its steps. */
  progress(): Promise<Progress> {
    if (this.#progress?.stamp !== this.#stamp) {
      this.#progress = { stamp: this.#stamp, known: this.#readProgress() };
    }
    return this.#progress.known;
  }

  async #readProgress(): Promise<Progress> {
    const index = await this.#index;
    const clock = this.#clock ?? new RunClock(index);
    const all = { from: 0, to: Number.MAX_SAFE_INTEGER, columns: PLACES };
    const window = await index.window(all, []);
    const [examples, elapsed] = await Promise.all([
      clock.examples(window),
      clock.elapsed(window.at),
    ]);
    return { steps: window.last, examples, elapsed };
  }

  dispose(): void {
    void this.#index.then((index) => index.dispose());
  }
}

/** The readers of the runs that are shown together, each opened once. */
export class RunReaders {
  readonly #readers = new Map<string, RunReader>();

  /** The run's reader, with all that was logged so far. */
  async of(run: RunSummary): Promise<RunReader> {
    const reader = this.#readers.get(run.folder) ?? new RunReader(run);
    this.#readers.set(run.folder, reader);
    await reader.refresh();
    return reader;
  }

  dispose(): void {
    for (const reader of this.#readers.values()) reader.dispose();
    this.#readers.clear();
  }
}
