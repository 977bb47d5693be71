import type { Columns } from '../src/extension/messages/columns.ts';
import type { RunHeader } from '../src/extension/messages/run.ts';
import { duration, short } from './format.ts';

/** So many of the newest columns say how fast a run is now. */
const NEWEST = 24;

/** "12 steps/s · about 40 s left" of a run that trains; empty if its newest steps are not among the columns. */
export function paceText(
  { status, step, steps }: Pick<RunHeader, 'status' | 'step' | 'steps'>,
  { last, elapsed, lastStep }: Pick<Columns, 'last' | 'elapsed' | 'lastStep'>,
): string {
  if (status !== 'running' || last.at(-1) !== lastStep) return '';
  const from = Math.max(0, last.length - 1 - NEWEST);
  const done = lastStep - (last[from] ?? lastStep);
  const seconds = ((elapsed.at(-1) ?? 0) - (elapsed[from] ?? 0)) / 1000;
  if (done <= 0 || seconds <= 0) return '';
  const speed =
    done >= seconds ? `${short(done / seconds)} steps/s` : `${short(seconds / done)} s per step`;
  return `${speed} · about ${duration(((steps - step) * seconds) / done)} left`;
}
