import { EventWriter } from './eventLog.ts';
import type { EndEvent, RunEvent, StepEvent, ValidatingEvent, ValidationEvent } from './events.ts';
import type { RunFailure } from './failure.ts';
import { readEvents } from './tail.ts';

type Untimed<E> = Omit<E, 'at' | 'kind'>;

/**
 * The event log of a run as its trainer sees it. A resumed trainer takes the steps after its checkpoint once more: what the log
 * already holds is compared and not written again, so no step is lost and none appears twice.
 */
export class RunLog {
  readonly #writer: EventWriter;
  readonly #onEvent: (event: RunEvent) => void;
  readonly #steps: ReadonlyMap<number, StepEvent>;
  readonly #validations: ReadonlyMap<number, ValidationEvent>;
  #lastStep: number;
  #hasWarnedOfDifference = false;

  private constructor(
    folder: string,
    past: readonly RunEvent[],
    onEvent: (event: RunEvent) => void,
  ) {
    this.#writer = EventWriter.open(folder);
    this.#onEvent = onEvent;
    const steps = past.filter((event) => event.kind === 'step');
    const validations = past.filter((event) => event.kind === 'validation');
    this.#steps = new Map(steps.map((event) => [event.step, event]));
    this.#validations = new Map(validations.map((event) => [event.step, event]));
    this.#lastStep = steps.at(-1)?.step ?? 0;
  }

  /** @param onEvent is told what was appended. */
  static async open(folder: string, onEvent: (event: RunEvent) => void): Promise<RunLog> {
    const past = await readEvents(folder);
    return new RunLog(folder, past, onEvent);
  }

  /** The last step that the log holds; 0 for a fresh run. */
  get lastStep(): number {
    return this.#lastStep;
  }

  start(fromStep: number): void {
    this.#append({ kind: 'start', at: Date.now(), pid: process.pid, fromStep });
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

  /** What a validation measured before this process; undefined if there was none at the step. */
  measuredAt(step: number): ValidationEvent['metrics'] | undefined {
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

  fail(failure: RunFailure): EndEvent {
    return this.#end({
      kind: 'end',
      at: Date.now(),
      step: this.#lastStep,
      status: 'failed',
      failure,
    });
  }

  close(): void {
    this.#writer.close();
  }

  #end(event: EndEvent): EndEvent {
    this.#append(event);
    return event;
  }

  #append(event: RunEvent): void {
    this.#writer.append(event);
    this.#onEvent(event);
  }

  #compare(logged: StepEvent, repeated: Untimed<StepEvent>): void {
    if (this.#hasWarnedOfDifference || isSame(logged, repeated)) return;
    this.#hasWarnedOfDifference = true;
    this.warning(
      repeated.step,
      `taken again from the checkpoint, the step came out different from the log: this device does not repeat its results bit for bit`,
    );
  }
}

/** Whether a step came out as it was logged, but for times and memory; fields that were not logged then do not count. */
function isSame(logged: StepEvent, repeated: Untimed<StepEvent>): boolean {
  const { kind, at, ms, memory, ...facts } = logged;
  const keys = Object.keys(facts) as (keyof typeof facts)[];
  // As JSON, since the log was read back from it.
  return keys.every((key) => JSON.stringify(facts[key]) === JSON.stringify(repeated[key]));
}
