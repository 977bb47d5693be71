import type { StepDiagnostics } from '../../engine/diagnoseStep.ts';
import type { RunEvent } from '../events.ts';
import type { RunManifest } from '../manifest.ts';
import type { Line } from '../tail.ts';
import { indexFolder, removeOtherIndexes } from './head.ts';
import { LogIndex } from './logIndex.ts';

/** The index is written after so many steps, or so much time. */
const STEPS = 256;
const MS = 1_000;

/**
 * Indexes a log while it is written. An index that cannot be written is given up: readers make their own, and are slower for it.
 */
export class IndexWriter {
  #index: LogIndex | undefined;
  #writtenAt = performance.now();

  private constructor(index: LogIndex) {
    this.#index = index;
  }

  /** At what is indexed of a run so far. A process that takes over the run puts other files in the place of those that are written. */
  static async open(run: {
    readonly folder: string;
    readonly manifest: RunManifest;
  }): Promise<IndexWriter> {
    removeOtherIndexes(run.folder);
    const index = await LogIndex.open({ ...run, index: indexFolder(run.folder) });
    const writer = new IndexWriter(index);
    writer.#try(() => index.hold());
    return writer;
  }

  /** An event of the log; it may be indexed already. @param derived of a step */
  add(event: RunEvent | null, derived: StepDiagnostics | null, line: Line): void {
    const index = this.#index;
    if (!index || line.offset < index.place.offset) return;
    if (event) index.addEvent(event, derived, line);
    else index.add(line);
    const isDue = performance.now() - this.#writtenAt >= MS;
    if (isDue || index.unwritten >= STEPS) this.write();
  }

  /** To be called by the owner of the run. */
  write(): void {
    this.#writtenAt = performance.now();
    this.#try(() => this.#index?.write());
  }

  close(): void {
    this.#index?.close();
    this.#index = undefined;
  }

  #try(change: () => void): void {
    try {
      change();
    } catch {
      this.close();
    }
  }
}
