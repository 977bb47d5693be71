/** A log that another process writes, followed until that process has ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type EndEvent, parseEvent, type RunEvent } from '../runs/events.ts';
import { EventWriter } from '../runs/eventWriter.ts';
import { runFile } from '../runs/grainFolder.ts';
import { LineTail } from '../runs/tail.ts';
import type { TrainingRun } from '../training/trainingLoop.ts';
import type { RunCallbacks } from './runTrainer.ts';
import { writeOutputLog } from './sessionTrainer.ts';

const POLL_MS = 200;

/** Adds an event to the log of a run that this process owns, while no other writes to it. */
export function appendEvent(
  run: Pick<TrainingRun, 'folder'>,
  event: RunEvent,
  { assertHeld }: Pick<RunCallbacks, 'assertHeld'>,
): void {
  assertHeld();
  const writer = EventWriter.open(run.folder);
  writer.append(event);
  writer.close();
}

/** Ends a run that no other process is working on: in its log, in its output and for the callbacks. */
export function endRun(run: TrainingRun, end: EndEvent, callbacks: RunCallbacks): EndEvent {
  appendEvent(run, end, callbacks);
  writeOutputLog(run, end);
  callbacks.onEvent(end);
  return end;
}

export function endAt(step: number, status: 'finished' | 'stopped'): EndEvent {
  return { kind: 'end', at: Date.now(), step, status };
}

export class FollowedLog {
  readonly #lines: LineTail;
  readonly #onEvent: (event: RunEvent) => void;
  #step = 0;
  #end: EndEvent | null = null;

  private constructor(folder: string, onEvent: (event: RunEvent) => void) {
    this.#lines = new LineTail(runFile(folder, 'events'));
    this.#onEvent = onEvent;
  }

  /** @param onEvent called with each event that is added from now on */
  static async open(folder: string, onEvent: (event: RunEvent) => void): Promise<FollowedLog> {
    const log = new FollowedLog(folder, onEvent);
    await log.#lines.read({ line() {}, restart() {} });
    return log;
  }

  /** The last step that was added, or at which the run was resumed. */
  get step(): number {
    return this.#step;
  }

  /** How the run ended; null if it has not, or was resumed. */
  get end(): EndEvent | null {
    return this.#end;
  }

  /** @param onPoll called five times a second */
  async until(ended: Promise<unknown>, onPoll: () => void): Promise<void> {
    let hasEnded = false;
    const isOver = ended.then(() => {
      hasEnded = true;
    });
    while (!hasEnded) {
      await Promise.race([isOver, sleep(POLL_MS)]);
      onPoll();
      await this.#read();
    }
  }

  #read(): Promise<void> {
    return this.#lines.read({ line: ({ bytes }) => this.#add(bytes.toString()), restart() {} });
  }

  #add(line: string): void {
    const event = parseEvent(line);
    if (typeof event !== 'object') return;
    if (event.kind === 'start') this.#step = event.fromStep;
    if (event.kind === 'step') this.#step = event.step;
    if (event.kind === 'start' || event.kind === 'end') {
      this.#end = event.kind === 'end' ? event : null;
    }
    this.#onEvent(event);
  }
}
