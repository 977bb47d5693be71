import { appendFileSync, existsSync } from 'node:fs';
import type { AlarmCode } from '../config/alarms.ts';
import { configSchema } from '../config/schema.ts';
import type { EndEvent, RunEvent } from '../runs/events.ts';
import { formatEvent } from '../runs/format.ts';
import { nearestRoot, runFile } from '../runs/grainFolder.ts';
import { RunStore } from '../runs/store.ts';
import { closeSession, type Session } from '../training/session.ts';
import { type TrainingRun, train } from '../training/trainingLoop.ts';
import { AlarmWatch } from './alarms/alarmWatch.ts';
import { logSiblingAlarms } from './alarms/siblingAlarms.ts';
import type { Launch } from './launch.ts';

export interface ExperimentCallbacks {
  onEvent(run: TrainingRun, event: RunEvent): void;
  /** Throws OwnershipLostError if the run now belongs to another process. */
  assertHeld(run: TrainingRun): void;
  /** Nothing more is written to the run. */
  onEnded(run: TrainingRun): void;
  /** True once the whole process was asked to end. */
  isInterrupted(): boolean;
}

/**
 * Trains runs one after another. A run stops early if its folder contains a file `stop`, the process was asked to end, or an alarm
 * was raised that the config says to stop for. If one fails, the next one is still trained.
 * @returns how each run ended
 */
export async function trainRuns(
  session: Session,
  runs: readonly TrainingRun[],
  callbacks: ExperimentCallbacks,
): Promise<EndEvent[]> {
  const ends: EndEvent[] = [];
  // One for all runs: it remembers what it has read.
  const store = new RunStore(nearestRoot(runs[0]?.folder ?? process.cwd()));
  for (const run of runs) {
    const { stop, off } = session.config.alarms;
    let isStoppedByAlarm = false;
    const onEvent = (event: RunEvent) => {
      writeOutputLog(run, event);
      callbacks.onEvent(run, event);
      isStoppedByAlarm ||= stop.some((rule) => isRaised(event, rule));
    };
    const shouldStop = () =>
      isStoppedByAlarm || callbacks.isInterrupted() || existsSync(runFile(run.folder, 'stop'));
    const assertHeld = () => callbacks.assertHeld(run);
    const observer = new AlarmWatch(run.manifest, off);
    const end = await train(withOwnOptimizer(session, run), run, {
      onEvent,
      shouldStop,
      assertHeld,
      observer,
    });
    ends.push(end);
    if (end.status === 'finished' && !off.includes('seed-apart')) {
      await compareSeeds(run, store, callbacks);
    }
    callbacks.onEnded(run);
  }
  return ends;
}

/** Logs alarms of the run that has ended, and of earlier ones, beside each other. */
async function compareSeeds(
  run: TrainingRun,
  store: RunStore,
  callbacks: ExperimentCallbacks,
): Promise<void> {
  try {
    callbacks.assertHeld(run);
    for (const { run: apart, event } of await logSiblingAlarms(store, run.folder)) {
      writeOutputLog(apart, event);
      callbacks.onEvent(apart, event);
    }
  } catch {
    // The runs have ended well: a comparison that cannot be read or written takes nothing from them.
  }
}

/** Methods may have learning rates of their own, which their manifests tell. */
function withOwnOptimizer(session: Session, { manifest }: TrainingRun): Session {
  const { data } = configSchema.shape.optimizer.safeParse(manifest.config.optimizer);
  return data === undefined
    ? session
    : { ...session, config: { ...session.config, optimizer: data } };
}

/** Trains the runs of a launch, then gives up what it holds. @returns how each run ended */
export async function trainLaunch(
  { session, runs, owned }: Launch,
  callbacks: Pick<ExperimentCallbacks, 'onEvent' | 'isInterrupted'>,
): Promise<EndEvent[]> {
  try {
    return await trainRuns(session, runs, {
      ...callbacks,
      onEnded: owned.release.bind(owned),
      assertHeld: owned.assertHeld.bind(owned),
    });
  } finally {
    owned.releaseAll();
    await closeSession(session);
  }
}

function isRaised(event: RunEvent, rule: AlarmCode): boolean {
  return event.kind === 'alarm' && event.state === 'raised' && event.rule === rule;
}

function writeOutputLog({ folder }: TrainingRun, event: RunEvent): void {
  const text = formatEvent(event);
  // The progress of a validation is of interest only while it lasts.
  if (text === null || event.kind === 'validating') return;
  try {
    appendFileSync(runFile(folder, 'output'), `${new Date(event.at).toISOString()} ${text}\n`);
  } catch {
    // The event itself is in the log. A disk that is full must not end the run for want of its copy in prose.
  }
}
