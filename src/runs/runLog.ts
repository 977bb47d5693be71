import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Alarm } from './alarms.ts';
import type { EndEvent, RunEvent, StepEvent, ValidatingEvent, ValidationEvent } from './events.ts';
import type { RunFailure } from './failure.ts';
import { runFile } from './grainFolder.ts';
import { readEvents } from './tail.ts';

const NEWLINE = 0x0a;
const BLOCK_BYTES = 64 * 1024;

/**
 * Appends to the event log of a run. Once `append` returns, the operating system has the whole line: killing this process cannot
 * lose it. There must be one writer at a time, which `takeOwnership` ensures.
 */
export class EventWriter {
  readonly #file: number;

  private constructor(file: number) {
    this.#file = file;
  }

  /** Opens or creates the log in a run's folder, and cuts off the incomplete line that a killed writer may have left. */
  static open(folder: string): EventWriter {
    const file = openSync(runFile(folder, 'events'), 'a+');
    try {
      ftruncateSync(file, endOfLastLine(file));
      return new EventWriter(file);
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  /** One write for one line. Numbers that are not finite become `null`. */
  append(event: RunEvent): void {
    const line = Buffer.from(`${JSON.stringify(event)}\n`);
    const end = fstatSync(this.#file).size;
    const written = writeSync(this.#file, line);
    if (written === line.length) return;
    // The next event would otherwise continue the incomplete line.
    ftruncateSync(this.#file, end);
    const message = `only ${written} of ${line.length} bytes of an event could be written`;
    throw Object.assign(new Error(message), { code: 'ENOSPC' });
  }

  close(): void {
    closeSync(this.#file);
  }
}

type Untimed<E> = Omit<E, 'at' | 'kind'>;

/** Judges the events of one run, each once and in the order of the log. */
export interface RunObserver {
  /** @returns the alarms that the event raises or clears */
  observe(event: RunEvent): readonly Alarm[];
}

interface RunLogOptions {
  /** Called after each event is written. */
  readonly onEvent: (event: RunEvent) => void;
  /** Called before each event is written; throws if the run now belongs to another process. */
  readonly assertHeld: () => void;
  /** Its alarms are logged after the event that caused them. */
  readonly observer?: RunObserver;
}

/**
 * The event log of a run as its trainer sees it. A resumed trainer repeats the steps after its checkpoint: those that the log
 * already holds are compared and not written again, so no step is lost and none appears twice.
 */
export class RunLog {
  readonly #writer: EventWriter;
  readonly #options: RunLogOptions;
  /** Alarms that follow from the log, but that a killed process did not get to write. */
  readonly #missingAlarms: readonly Alarm[];
  readonly #steps: ReadonlyMap<number, StepEvent>;
  readonly #validations: ReadonlyMap<number, ValidationEvent>;
  #lastStep: number;
  #hasWarnedOfDifference = false;

  private constructor(folder: string, past: readonly RunEvent[], options: RunLogOptions) {
    options.assertHeld();
    this.#writer = EventWriter.open(folder);
    this.#options = options;
    this.#missingAlarms = missingAlarms(past, options.observer);
    const steps = past.filter((event) => event.kind === 'step');
    const validations = past.filter((event) => event.kind === 'validation');
    this.#steps = new Map(steps.map((event) => [event.step, event]));
    this.#validations = new Map(validations.map((event) => [event.step, event]));
    this.#lastStep = steps.at(-1)?.step ?? 0;
  }

  static async open(folder: string, options: RunLogOptions): Promise<RunLog> {
    const past = await readEvents(folder);
    return new RunLog(folder, past, options);
  }

  /** The last step that the log holds; 0 for a fresh run. */
  get lastStep(): number {
    return this.#lastStep;
  }

  start(fromStep: number): void {
    this.#append({ kind: 'start', at: Date.now(), pid: process.pid, fromStep });
    for (const alarm of this.#missingAlarms) this.#alarm(alarm);
  }

  step(facts: Untimed<StepEvent>): void {
    const logged = this.#steps.get(facts.step);
    if (logged) {
      this.#compare(logged, facts);
    } else {
      this.#append({ kind: 'step', at: Date.now(), ...facts });
      this.#lastStep = facts.step;
    }
  }

  /** Metrics of the validation at the step, if the log held one when it was opened. */
  metricsAt(step: number): ValidationEvent['metrics'] | undefined {
    return this.#validations.get(step)?.metrics;
  }

  validating(facts: Untimed<ValidatingEvent>): void {
    this.#append({ kind: 'validating', at: Date.now(), ...facts });
  }

  validation(facts: Untimed<ValidationEvent>): void {
    this.#append({ kind: 'validation', at: Date.now(), ...facts });
  }

  checkpoint(step: number, folder: string, best: boolean): void {
    this.#append({ kind: 'checkpoint', at: Date.now(), step, path: folder, best });
  }

  warning(step: number, message: string): void {
    this.#append({ kind: 'warning', at: Date.now(), step, message });
  }

  end(status: 'finished' | 'stopped'): EndEvent {
    return this.#end({ kind: 'end', at: Date.now(), step: this.#lastStep, status });
  }

  /** If the event cannot be written, it is only returned: without it in the log, the run counts as interrupted. */
  fail(failure: RunFailure): EndEvent {
    const event = failedEnd(this.#lastStep, failure);
    try {
      return this.#end(event);
    } catch {
      return event;
    }
  }

  close(): void {
    this.#writer.close();
  }

  #end(event: EndEvent): EndEvent {
    this.#append(event);
    return event;
  }

  #append(event: RunEvent): void {
    this.#options.assertHeld();
    this.#writer.append(event);
    this.#options.onEvent(event);
    for (const alarm of this.#options.observer?.observe(event) ?? []) this.#alarm(alarm);
  }

  #alarm(alarm: Alarm): void {
    this.#append({ kind: 'alarm', at: Date.now(), ...alarm });
  }

  #compare(logged: StepEvent, repeated: Untimed<StepEvent>): void {
    if (this.#hasWarnedOfDifference || isSame(logged, repeated)) return;
    this.#hasWarnedOfDifference = true;
    this.warning(
      repeated.step,
      'repeated from the checkpoint, the step differs from the log: this device does not reproduce results bit for bit',
    );
  }
}

export function failedEnd(step: number, failure: RunFailure): EndEvent {
  return { kind: 'end', at: Date.now(), step, status: 'failed', failure };
}

/** Lets the observer see the past. @returns the alarms that the past does not hold */
function missingAlarms(past: readonly RunEvent[], observer: RunObserver | undefined): Alarm[] {
  const keyOf = ({ rule, state, step }: Alarm) => `${rule} ${state} ${step}`;
  const logged = new Set(past.filter((event) => event.kind === 'alarm').map(keyOf));
  const due = past.flatMap((event) => observer?.observe(event) ?? []);
  return due.filter((alarm) => !logged.has(keyOf(alarm)));
}

/** Whether a repeated step has the facts that were logged. Times and memory differ; facts missing in the log do not count. */
function isSame(logged: StepEvent, repeated: Untimed<StepEvent>): boolean {
  const { kind, at, ms, memory, ...facts } = logged;
  const again = JSON.parse(JSON.stringify(repeated));
  return Object.entries(facts).every(([key, value]) => isDeepStrictEqual(value, again[key]));
}

/** Where the last whole line ends: after the last newline. */
function endOfLastLine(file: number): number {
  const block = Buffer.alloc(BLOCK_BYTES);
  let end = fstatSync(file).size;
  while (end > 0) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const length = readSync(file, block, 0, end - start, start);
    const newline = block.subarray(0, length).lastIndexOf(NEWLINE);
    if (newline >= 0) return start + newline + 1;
    end = start;
  }
  return 0;
}
