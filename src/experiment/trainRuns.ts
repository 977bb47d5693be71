import { existsSync } from 'node:fs';
import { configSchema } from '../config/schema.ts';
import type { EndEvent, RunEvent } from '../runs/events.ts';
import { nearestRoot, runFile } from '../runs/grainFolder.ts';
import { RunStore } from '../runs/store.ts';
import type { TrainingRun } from '../training/trainingLoop.ts';
import { logSiblingAlarms } from './alarms/siblingAlarms.ts';
import type { Launch, OwnedRuns } from './launch.ts';
import type { RunTrainer } from './runTrainer.ts';
import { writeOutputLog } from './sessionTrainer.ts';

export interface ExperimentCallbacks {
  onEvent(run: TrainingRun, event: RunEvent): void;
  /** The runs; each is released when nothing more is written to it. */
  readonly owned: OwnedRuns;
  /** True once the whole process was asked to end. */
  isInterrupted(): boolean;
}

/**
 * Trains runs in their order, so many at a time as the trainer can. A run stops early if its folder contains a file `stop`, or the
 * process was asked to end. If one fails, the next one is still trained.
 * @returns how each run ended
 */
export async function trainRuns(
  trainer: RunTrainer,
  runs: readonly TrainingRun[],
  callbacks: ExperimentCallbacks,
): Promise<EndEvent[]> {
  const ends: EndEvent[] = [];
  const siblings = new Siblings(runs, callbacks);
  const waiting = runs.entries();
  const trainWaiting = async () => {
    for (const [i, run] of waiting) {
      const end = await trainRun(trainer, run, callbacks);
      ends[i] = end;
      if (end.status === 'finished') await siblings.compare(run);
      callbacks.owned.release(run);
    }
  };
  await Promise.all(Array.from({ length: trainer.concurrency }, trainWaiting));
  return ends;
}

/** Trains one run, which is not compared with others afterwards. */
export function trainRun(
  trainer: RunTrainer,
  run: TrainingRun,
  { owned, ...callbacks }: ExperimentCallbacks,
): Promise<EndEvent> {
  return trainer.train(run, {
    onEvent: (event) => callbacks.onEvent(run, event),
    shouldStop: () => callbacks.isInterrupted() || existsSync(runFile(run.folder, 'stop')),
    assertHeld: () => owned.assertHeld(run),
    isHeld: () => owned.isHeld(run),
    token: () => owned.tokenOf(run),
    retake: () => owned.retake(run),
  });
}

/** Logs alarms of a run that has ended, and of earlier ones, beside each other; of runs that end together, one after another. */
class Siblings {
  readonly #callbacks: ExperimentCallbacks;
  /** One for all runs: it remembers what it has read. */
  readonly #store: RunStore;
  #last: Promise<void> = Promise.resolve();

  constructor([first]: readonly TrainingRun[], callbacks: ExperimentCallbacks) {
    this.#callbacks = callbacks;
    this.#store = new RunStore(nearestRoot(first?.folder ?? process.cwd()));
  }

  compare(run: TrainingRun): Promise<void> {
    const { data: alarms } = configSchema.shape.alarms.safeParse(run.manifest.config.alarms);
    if (alarms?.off.includes('seed-apart')) return Promise.resolve();
    this.#last = this.#last.then(() => this.#compare(run));
    return this.#last;
  }

  async #compare(run: TrainingRun): Promise<void> {
    const callbacks = this.#callbacks;
    try {
      // It is not held where another process trained it.
      const isHeld = callbacks.owned.isHeld(run);
      const logged = await logSiblingAlarms(this.#store, run.folder, isHeld);
      for (const { run: apart, event } of logged) {
        writeOutputLog(apart, event);
        callbacks.onEvent(apart, event);
      }
    } catch {
      // The runs have ended well: a comparison that cannot be read or written takes nothing from them.
    }
  }
}

/** Trains the runs of a launch, then gives up what it holds. @returns how each run ended */
export async function trainLaunch(
  { trainer, runs, owned }: Launch,
  callbacks: Pick<ExperimentCallbacks, 'onEvent' | 'isInterrupted'>,
): Promise<EndEvent[]> {
  try {
    return await trainRuns(trainer, runs, { ...callbacks, owned });
  } finally {
    owned.releaseAll();
    await trainer.close();
  }
}
