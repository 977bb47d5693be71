import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { StepDiagnostics } from '../../engine/diagnoseStep.ts';
import { parseEvent, type RunEvent } from '../events.ts';
import { diagnosticsOf } from '../facts.ts';
import type { RunManifest } from '../manifest.ts';
import { type Line, type Place, placeBehind, START } from '../tail.ts';
import { Digest } from './digest.ts';
import { stepRecord } from './entries.ts';
import { headOf, type LocatedHead, readHead, writeHead } from './head.ts';
import type { IndexFile } from './indexFile.ts';
import { Pyramid } from './pyramid.ts';
import { RareLines } from './rareLines.ts';
import { TornIndexError } from './records.ts';
import { type SeriesName, seriesOf, valuesOf } from './series.ts';

/** Where an index lives, and what it is of. */
export interface IndexedRun {
  /** Of the index. */
  readonly index: string;
  /** Of the run. */
  readonly folder: string;
  readonly manifest: RunManifest;
}

/**
 * What follows from the lines of a log up to a place in it: in files what was written, in memory what was added since. The
 * process that trains adds what it logs; readers add what they find behind the place. All of it follows from the log alone, so
 * it does no harm if several processes write the same.
 */
export class LogIndex {
  readonly #run: IndexedRun;
  readonly series: readonly SeriesName[];
  readonly digest: Digest;
  readonly steps: Pyramid;
  readonly rare: RareLines;
  #place: Place;

  private constructor(run: IndexedRun, steps: Pyramid, written?: LocatedHead) {
    this.#run = run;
    this.series = seriesOf(run.manifest);
    this.steps = steps;
    this.digest = new Digest(run.manifest, written?.head.digest);
    this.rare = new RareLines(path.join(run.index, 'rare.jsonl'), written?.head.rare);
    this.#place = written?.place ?? START;
  }

  /** What was written of the log; nothing if that is of another log, or torn. */
  static async open(run: IndexedRun): Promise<LogIndex> {
    const written = await readWritten(run);
    if (!written) return LogIndex.anew(run);
    try {
      const { length } = seriesOf(run.manifest);
      const steps = await Pyramid.open(run.index, length, written.head.steps);
      return new LogIndex(run, steps, written);
    } catch (error) {
      if (!(error instanceof TornIndexError)) throw error;
      return LogIndex.anew(run);
    }
  }

  /** As if nothing was written. */
  static anew(run: IndexedRun): LogIndex {
    return new LogIndex(run, new Pyramid(run.index, seriesOf(run.manifest).length));
  }

  /** Behind the last line added. */
  get place(): Place {
    return this.#place;
  }

  /** How many steps are only in memory. */
  get unwritten(): number {
    return this.steps.steps.unwritten;
  }

  /** Adds the line behind the last one. */
  add({ offset, bytes }: Line): void {
    const event = parseEvent(bytes.toString());
    if (typeof event === 'object') {
      this.addEvent(event, event.kind === 'step' ? diagnosticsOf(event) : null, { offset, bytes });
      return;
    }
    if (event === 'invalid') this.digest.skip();
    this.#place = placeBehind({ offset, bytes });
  }

  /** As {@link add}, of an event that is known already. @param derived of a step */
  addEvent(event: RunEvent, derived: StepDiagnostics | null, { offset, bytes }: Line): void {
    this.digest.add(event, derived);
    if (event.kind === 'step') {
      const values = valuesOf(event, derived, this.#run.manifest);
      this.steps.push(stepRecord({ offset, length: bytes.length }, event, values));
    } else if (event.kind !== 'validating') {
      this.rare.push(bytes);
    }
    this.#place = placeBehind({ offset, bytes });
  }

  /** Writes from now on the files that are there now, even if another process puts others in their place. @throws as {@link write} */
  hold(): void {
    mkdirSync(this.#run.index, { recursive: true });
    for (const file of this.#files) file.hold();
  }

  close(): void {
    for (const file of this.#files) file.close();
  }

  get #files(): IndexFile[] {
    return [...this.steps.files, this.rare.file];
  }

  /**
   * @throws if the disk is full or may not be written, or the files were deleted or replaced: what was written before stays as it
   * is
   */
  write(): void {
    if (!this.steps.steps.file.isInPlace) throw new Error(`${this.#run.index} was deleted`);
    mkdirSync(this.#run.index, { recursive: true });
    this.steps.write();
    this.rare.write();
    const [steps, rare, digest] = [this.steps.count, this.rare.whole, this.digest.toJSON()];
    writeHead(
      this.#run.index,
      headOf(this.#place, { series: [...this.series], steps, rare, digest }),
    );
  }

  /** Forgets what another process has written by now. */
  async shed(): Promise<void> {
    const written = await readWritten(this.#run);
    if (!written || written.place.offset > this.#place.offset) return;
    this.steps.shed(written.head.steps);
    this.rare.shed(written.head.rare.bytes);
  }
}

/** Null if there is nothing, or it is of another log. */
async function readWritten({ index, folder, manifest }: IndexedRun): Promise<LocatedHead | null> {
  const written = await readHead(index, folder);
  const isOurs = written?.head.series.join() === seriesOf(manifest).join();
  return isOurs ? written : null;
}
