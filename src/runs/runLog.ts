import { isDeepStrictEqual } from 'node:util';
import type { Alarm } from './alarms.ts';
import {
  type EndEvent,
  type RunEvent,
  repeatableFacts,
  type StepEvent,
  type ValidatingEvent,
  type ValidationEvent,
} from './events.ts';
import { EventWriter } from './eventWriter.ts';
import { diagnosticsOf } from './facts.ts';
import type { RunFailure } from './failure.ts';
import type { RunManifest } from './manifest.ts';
import { PastLog } from './pastLog.ts';
import type { RunObserver } from './runObserver.ts';

type Untimed<E> = Omit<E, 'at' | 'kind'>;

interface RunLogOptions {
  readonly manifest: RunManifest;
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
  readonly #past: PastLog;
  #lastStep: number;
  #hasWarnedOfDifference = false;

  private constructor(folder: string, past: PastLog, options: RunLogOptions) {
    options.assertHeld();
    this.#writer = EventWriter.open(folder);
    this.#options = options;
    this.#past = past;
    this.#lastStep = past.steps.last;
  }

  static async open(folder: string, options: RunLogOptions): Promise<RunLog> {
    return new RunLog(folder, await PastLog.read(folder, options), options);
  }

  /** The last step that the log holds; 0 for a fresh run. */
  get lastStep(): number {
    return this.#lastStep;
  }

  start(fromStep: number): void {
    this.#append({ kind: 'start', at: Date.now(), pid: process.pid, fromStep });
    for (const alarm of this.#past.missingAlarms) this.#alarm(alarm);
  }

  step(facts: Untimed<StepEvent>): void {
    const logged = this.#past.steps.at(facts.step);
    if (logged) {
      this.#compare(logged, facts);
    } else {
      this.#append({ kind: 'step', at: Date.now(), ...facts });
      this.#lastStep = facts.step;
    }
  }

  /** Metrics of the validation at the step, if the log held one when it was opened. */
  metricsAt(step: number): ValidationEvent['metrics'] | undefined {
    return this.#past.validations.get(step);
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
    this.#past.steps.close();
    try {
      this.#options.assertHeld();
      this.#past.index.write();
    } catch {
      // The run belongs to another process, and its index too.
    }
    this.#past.index.close();
  }

  #end(event: EndEvent): EndEvent {
    this.#append(event);
    return event;
  }

  #append(event: RunEvent): void {
    this.#options.assertHeld();
    const line = this.#writer.append(event);
    this.#options.onEvent(event);
    const derived = event.kind === 'step' ? diagnosticsOf(event) : null;
    this.#past.index.add(event.kind === 'step' ? event : null, derived, line);
    for (const alarm of this.#options.observer?.observe(event, derived) ?? []) this.#alarm(alarm);
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

/** Whether a repeated step has the facts that were logged; facts missing in the log do not count. */
function isSame(logged: StepEvent, repeated: Untimed<StepEvent>): boolean {
  const again = JSON.parse(JSON.stringify(repeated));
  return Object.entries(repeatableFacts(logged)).every(([key, value]) =>
    isDeepStrictEqual(value, again[key]),
  );
}
