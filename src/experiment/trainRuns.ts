import { appendFileSync, existsSync } from 'node:fs';
import type { EndEvent, RunEvent } from '../runs/events.ts';
import { runFile } from '../runs/grainFolder.ts';
import { eventWords } from '../runs/words.ts';
import type { Session } from '../training/session.ts';
import { type TrainingRun, train } from '../training/trainingLoop.ts';

export interface ExperimentCallbacks {
  onEvent(run: TrainingRun, event: RunEvent): void;
  /** Nothing more is written to the run. */
  onEnded(run: TrainingRun): void;
  /** True once the whole process was asked to end. */
  isInterrupted(): boolean;
}

/**
 * Trains runs one after another. A run ends early where its folder holds a file `stop` or the process was asked to end; one
 * that fails does not keep the next from being trained.
 * @returns how each run ended
 */
export async function trainRuns(
  session: Session,
  runs: readonly TrainingRun[],
  audience: ExperimentCallbacks,
): Promise<EndEvent[]> {
  const ends: EndEvent[] = [];
  for (const run of runs) {
    const onEvent = (event: RunEvent) => {
      writeOutputLog(run, event);
      audience.onEvent(run, event);
    };
    const shouldStop = () => audience.isInterrupted() || existsSync(runFile(run.folder, 'stop'));
    ends.push(await train(session, run, { onEvent, shouldStop }));
    audience.onEnded(run);
  }
  return ends;
}

function writeOutputLog({ folder }: TrainingRun, event: RunEvent): void {
  const text = eventWords(event);
  // How far a validation has come is news for a moment only.
  if (text === null || event.kind === 'validating') return;
  appendFileSync(runFile(folder, 'output'), `${new Date(event.at).toISOString()} ${text}\n`);
}
