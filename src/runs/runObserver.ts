import type { StepDiagnostics } from '../engine/diagnoseStep.ts';
import type { Alarm } from './alarms.ts';
import type { RunEvent } from './events.ts';

/** Judges the events of one run, each once and in the order of the log. */
export interface RunObserver {
  /**
   * @param derived what the engine derives of a step, null if its facts do not match each other; of other events null
   * @returns the alarms that the event raises or clears
   */
  observe(event: RunEvent, derived: StepDiagnostics | null): readonly Alarm[];
}
