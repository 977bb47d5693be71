import type { Alarm } from './alarms.ts';
import { parseEvent, type RunEvent, type ValidationEvent } from './events.ts';
import { diagnosticsOf } from './facts.ts';
import { runFile } from './grainFolder.ts';
import { IndexWriter } from './index/indexWriter.ts';
import { LoggedSteps } from './loggedSteps.ts';
import type { RunManifest } from './manifest.ts';
import type { RunObserver } from './runObserver.ts';
import { type Line, LineTail } from './tail.ts';

interface Options {
  readonly manifest: RunManifest;
  readonly observer?: RunObserver;
}

/** What a run that is resumed must know of its log: read once, a block at a time, whatever its length. */
export class PastLog {
  readonly index: IndexWriter;
  readonly steps: LoggedSteps;
  /** Metrics by step. */
  readonly validations = new Map<number, ValidationEvent['metrics']>();
  readonly #observer: RunObserver | undefined;
  readonly #logged = new Set<string>();
  #due: Alarm[] = [];

  private constructor(folder: string, index: IndexWriter, observer: RunObserver | undefined) {
    this.index = index;
    this.steps = new LoggedSteps(folder);
    this.#observer = observer;
  }

  /** Lets the observer see the past, and extends the index to the end of the log. */
  static async read(folder: string, { manifest, observer }: Options): Promise<PastLog> {
    const index = await IndexWriter.open({ folder, manifest });
    const past = new PastLog(folder, index, observer);
    const lines = new LineTail(runFile(folder, 'events'));
    await lines.read({
      line: (line) => past.#add(line),
      restart: () => {
        throw new Error(`the log of ${folder} was replaced while it was read`);
      },
    });
    return past;
  }

  /** Alarms that follow from the log, but that a killed process did not get to write. */
  get missingAlarms(): Alarm[] {
    return this.#due.filter((alarm) => !this.#logged.has(keyOf(alarm)));
  }

  #add(line: Line): void {
    const parsed = parseEvent(line.bytes.toString());
    const event = typeof parsed === 'object' ? parsed : null;
    const derived = event?.kind === 'step' ? diagnosticsOf(event) : null;
    this.index.add(event, derived, line);
    if (event) this.#remember(event, line.offset);
    if (event) this.#due.push(...(this.#observer?.observe(event, derived) ?? []));
  }

  #remember(event: RunEvent, offset: number): void {
    if (event.kind === 'step') this.steps.add(event, offset);
    if (event.kind === 'validation') this.validations.set(event.step, event.metrics);
    if (event.kind === 'alarm') this.#logged.add(keyOf(event));
  }
}

function keyOf({ rule, state, step }: Alarm): string {
  return `${rule} ${state} ${step}`;
}
