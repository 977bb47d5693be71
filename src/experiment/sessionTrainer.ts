/** Trains runs in this process, one after another, with data and model that were loaded once. */
import { appendFileSync } from 'node:fs';
import type { AlarmCode } from '../config/alarms.ts';
import type { ParsedConfig } from '../config/parse.ts';
import { configSchema } from '../config/schema.ts';
import type { EndEvent, RunEvent } from '../runs/events.ts';
import { formatEvent } from '../runs/format.ts';
import { runFile } from '../runs/grainFolder.ts';
import { closeSession, type Session } from '../training/session.ts';
import { type TrainingRun, train } from '../training/trainingLoop.ts';
import { AlarmWatch } from './alarms/alarmWatch.ts';
import { RunSessions } from './runSessions.ts';
import type { RunCallbacks, RunTrainer } from './runTrainer.ts';

/**
 * @param session is closed with the trainer
 * @param parsed its config
 */
export function sessionTrainer(session: Session, parsed: ParsedConfig): RunTrainer {
  const { backend, name } = session.device;
  const sessions = new RunSessions(session, parsed);
  return {
    device: { backend, name },
    concurrency: 1,
    train: async (run, callbacks) => trainHere(await sessions.of(run.manifest), run, callbacks),
    close: () => closeSession(session),
  };
}

/** A run stops early, too, if an alarm is raised that the config says to stop for. */
function trainHere(session: Session, run: TrainingRun, callbacks: RunCallbacks): Promise<EndEvent> {
  const { stop, off } = session.config.alarms;
  let isStoppedByAlarm = false;
  return train(withOwnOptimizer(session, run), run, {
    onEvent(event) {
      writeOutputLog(run, event);
      callbacks.onEvent(event);
      isStoppedByAlarm ||= stop.some((rule) => isRaised(event, rule));
    },
    shouldStop: () => isStoppedByAlarm || callbacks.shouldStop(),
    assertHeld: () => callbacks.assertHeld(),
    observer: new AlarmWatch(run.manifest, off),
  });
}

/** Methods may have learning rates of their own, which their manifests tell. */
export function withOwnOptimizer(
  session: Session,
  { manifest }: Pick<TrainingRun, 'manifest'>,
): Session {
  const { data } = configSchema.shape.optimizer.safeParse(manifest.config.optimizer);
  return data === undefined
    ? session
    : { ...session, config: { ...session.config, optimizer: data } };
}

function isRaised(event: RunEvent, rule: AlarmCode): boolean {
  return event.kind === 'alarm' && event.state === 'raised' && event.rule === rule;
}

/** The log for people. */
export function writeOutputLog({ folder }: Pick<TrainingRun, 'folder'>, event: RunEvent): void {
  const text = formatEvent(event);
  // The progress of a validation is of interest only while it lasts.
  if (text === null || event.kind === 'validating') return;
  try {
    appendFileSync(runFile(folder, 'output'), `${new Date(event.at).toISOString()} ${text}\n`);
  } catch {
    // The event itself is in the log. A disk that is full must not end the run for want of its copy in prose.
  }
}
