import { mkdtempSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hasCode } from '../../config/errors.ts';
import { parseEvent, type StepEvent } from '../events.ts';
import { fileSize } from '../fileSize.ts';
import { runFile } from '../grainFolder.ts';
import type { RunManifest } from '../manifest.ts';
import { isStillAt, LineTail, type Place } from '../tail.ts';
import type { Digest } from './digest.ts';
import { headerOf, placeOf, type StepPlace, summaryOf } from './entries.ts';
import { indexFolder } from './head.ts';
import { indexInWorker } from './indexInWorker.ts';
import { type IndexedRun, LogIndex } from './logIndex.ts';
import { bucketSize } from './pyramid.ts';
import type { RareEvent } from './rareLines.ts';
import { TornIndexError } from './records.ts';
import type { SeriesName } from './series.ts';
import type { Column, Window, WindowOfRun } from './window.ts';

/** So many steps in memory are forgotten if another process has written them, or else written. */
const MOST_UNWRITTEN = 1024;
/** So many are read again by every reader rather than written, once the run has ended. */
const FEW_UNWRITTEN = 16;

/** So many bytes of a log are read on another thread: about a tenth of a second's work. */
const MUCH = 2 ** 21;

/** Share of a log that has been read, 0…1. */
type OnProgress = (done: number) => void;

interface ReadRun {
  /** Of the run. */
  readonly folder: string;
  readonly manifest: RunManifest;
}

/**
 * A run as its log tells it, at a cost that does not grow with the log: what was indexed is read from files, and only what was
 * logged since from the log. A log without an index is indexed.
 */
export class RunIndex {
  readonly #run: ReadRun;
  #index: LogIndex;
  #lines: LineTail;
  /** Where the index is written if the folder of the run takes none. */
  #own: string | undefined;
  #generation = 0;
  #refreshing: Promise<void> | undefined;

  private constructor(run: ReadRun, index: LogIndex) {
    this.#run = run;
    this.#index = index;
    this.#lines = this.#linesFrom(index);
  }

  /** At what was indexed so far: {@link refresh} reads the rest. */
  static async open(run: ReadRun): Promise<RunIndex> {
    return new RunIndex(run, await LogIndex.open({ ...run, index: indexFolder(run.folder) }));
  }

  /** Reads what an index of a run says now. */
  static async use<T>(
    run: ReadRun,
    read: (index: RunIndex) => Promise<T>,
    onProgress?: OnProgress,
  ): Promise<T> {
    const index = await RunIndex.open(run);
    try {
      await index.refresh(onProgress);
      return await read(index);
    } finally {
      index.dispose();
    }
  }

  /** Raised whenever the log was cut or replaced: nothing that was read before is true of it. */
  get generation(): number {
    return this.#generation;
  }

  /** In the log, behind what was read. */
  get place(): Place {
    return this.#index.place;
  }

  get digest(): Digest {
    return this.#index.digest;
  }

  /** How many steps were logged. */
  get count(): number {
    return this.#index.steps.count;
  }

  /** Reads what was logged since the last call. Overlapping calls share one read. */
  refresh(onProgress?: OnProgress): Promise<void> {
    this.#refreshing ??= this.#refresh(onProgress).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** The steps of a window that were logged. The window is widened to whole buckets. */
  window(window: Window, names: readonly SeriesName[]): Promise<WindowOfRun> {
    return this.#mended(async (index) => {
      const { steps } = index;
      const [from, to] = [await steps.find(window.from), await steps.find(window.to + 1)];
      const bucket =
        window.bucket ?? bucketSize(Math.max(0, to - from), Math.max(1, window.columns));
      const start = Math.floor(from / bucket) * bucket;
      const end = Math.min(Math.ceil(to / bucket) * bucket, steps.count);
      const buckets = end > start ? await steps.buckets(start, end, bucket) : [];
      return {
        bucket,
        before: start,
        ...headersOf(buckets),
        series: columnsOf(buckets, names, index.series),
      };
    });
  }

  /** The logged facts of the step with that number; null if there is none. */
  step(step: number): Promise<StepEvent | null> {
    return this.#mended(async ({ steps }) => {
      const at = await steps.find(step);
      if (at >= steps.count) return null;
      const [record] = await steps.steps.read(at, at + 1);
      const place = placeOf(record!);
      return place.step === step ? readStep(this.#run.folder, place) : null;
    });
  }

  /** The last step that was logged; null before the first. */
  lastStep(): Promise<StepEvent | null> {
    return this.#mended(async ({ steps }) => {
      if (steps.count === 0) return null;
      const [record] = await steps.steps.read(steps.count - 1, steps.count);
      return readStep(this.#run.folder, placeOf(record!));
    });
  }

  /** The newest steps, at most so many, the last one last. */
  latestSteps(most: number): Promise<StepEvent[]> {
    return this.#mended(async ({ steps }) => {
      const records = await steps.steps.read(Math.max(0, steps.count - most), steps.count);
      return Promise.all(records.map((record) => readStep(this.#run.folder, placeOf(record))));
    });
  }

  /** How much of {@link rare} there is; grows with each. */
  get rareBytes(): number {
    return this.#index.rare.bytes;
  }

  /** All that was logged but steps and the progress of validations. */
  rare(): Promise<RareEvent[]> {
    return this.#mended((index) => index.rare.read());
  }

  dispose(): void {
    this.#index.close();
    if (this.#own !== undefined) rmSync(this.#own, { recursive: true, force: true });
  }

  async #refresh(onProgress?: OnProgress): Promise<void> {
    try {
      await this.#readAll(onProgress);
    } catch (error) {
      if (this.#own !== undefined) throw error;
      // The folder is read-only, or its disk full: the index is made elsewhere, for as long as it is read.
      this.#own = mkdtempSync(path.join(tmpdir(), 'grain-own-index-'));
      this.#restart();
      await this.#readAll(onProgress);
    }
    if (this.#index.unwritten > MOST_UNWRITTEN / 2) await this.#index.shed();
    const { lifecycle } = this.digest.progress;
    if (lifecycle !== 'started' && this.#index.unwritten > FEW_UNWRITTEN) this.#tryToWrite();
  }

  async #readAll(onProgress?: OnProgress): Promise<void> {
    const log = runFile(this.#run.folder, 'events');
    if (await isReplaced(log, this.place)) this.#restart();
    if ((await fileSize(log)) - this.place.offset >= MUCH) await this.#readMuch(onProgress);
    await this.#readAdded();
  }

  /** Lets another thread read what would keep this one busy for long. */
  async #readMuch(onProgress?: OnProgress): Promise<void> {
    const { folder, index } = this.#located;
    await indexInWorker({ folder, index, isAnew: this.place.offset === 0 }, onProgress);
    this.#index.close();
    this.#index = await LogIndex.open(this.#located);
    this.#lines = this.#linesFrom(this.#index);
  }

  async #readAdded(): Promise<void> {
    await this.#lines.read({
      line: (line) => {
        this.#index.add(line);
        if (this.#index.unwritten > MOST_UNWRITTEN) this.#index.write();
      },
      restart: () => this.#beginAnew(),
    });
  }

  #tryToWrite(): void {
    try {
      this.#index.write();
    } catch {
      // They stay in memory.
    }
  }

  #restart(): void {
    this.#beginAnew();
    this.#lines = this.#linesFrom(this.#index);
  }

  #beginAnew(): void {
    this.#index.close();
    this.#index = LogIndex.anew(this.#located);
    this.#generation++;
  }

  get #located(): IndexedRun {
    const { folder, manifest } = this.#run;
    return { folder, manifest, index: this.#own ?? indexFolder(folder) };
  }

  #linesFrom({ place }: LogIndex): LineTail {
    return new LineTail(runFile(this.#run.folder, 'events'), place);
  }

  /** Reads from the index, which is made anew if it turns out to be torn. */
  async #mended<T>(read: (index: LogIndex) => Promise<T>): Promise<T> {
    try {
      return await read(this.#index);
    } catch (error) {
      if (!(error instanceof TornIndexError)) throw error;
      this.#restart();
      await this.refresh();
      return read(this.#index);
    }
  }
}

async function isReplaced(log: string, place: Place): Promise<boolean> {
  try {
    const file = await open(log, 'r');
    try {
      return !(await isStillAt(file, place));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return place.offset > 0;
    throw error;
  }
}

async function readStep(folder: string, { offset, length }: StepPlace): Promise<StepEvent> {
  const bytes = Buffer.alloc(length);
  let file: FileHandle | undefined;
  try {
    file = await open(runFile(folder, 'events'), 'r');
    await file.read(bytes, 0, length, offset);
  } catch (error) {
    throw new TornIndexError('the log is gone', { cause: error });
  } finally {
    await file?.close();
  }
  const event = parseEvent(bytes.toString());
  if (typeof event === 'object' && event.kind === 'step') return event;
  throw new TornIndexError('the log does not have a step where the index says');
}

function headersOf(buckets: readonly Float64Array[]) {
  const headers = buckets.map(headerOf);
  return {
    first: Float64Array.from(headers, ({ first }) => first),
    last: Float64Array.from(headers, ({ last }) => last),
    at: Float64Array.from(headers, ({ at }) => at),
  };
}

function columnsOf(
  buckets: readonly Float64Array[],
  names: readonly SeriesName[],
  all: readonly SeriesName[],
): WindowOfRun['series'] {
  const known = names.filter((name) => all.includes(name));
  return Object.fromEntries(known.map((name) => [name, columnOf(buckets, all.indexOf(name))]));
}

function columnOf(buckets: readonly Float64Array[], series: number): Column {
  const summaries = buckets.map((bucket) => summaryOf(bucket, series));
  const list = (name: keyof Column) => Float64Array.from(summaries, (summary) => summary[name]);
  return {
    min: list('min'),
    max: list('max'),
    mean: list('mean'),
    last: list('last'),
    known: list('known'),
    nonFinite: list('nonFinite'),
  };
}
