import type { EndEvent } from './events.ts';

/**
 * queued: waits for its turn in a living process, be it for the first time or to be resumed. running: being trained. finished,
 * stopped, failed: ended. interrupted: not ended, and the process that owned it is gone; it can be resumed.
 */
export type RunStatus = 'queued' | 'running' | 'finished' | 'stopped' | 'failed' | 'interrupted';

/** The last of a run's `start` and `end` events; `null` before the first. A run that was resumed starts again. */
export type Lifecycle = 'started' | EndEvent['status'] | null;

export function statusOf(lifecycle: Lifecycle, hasLivingOwner: () => boolean): RunStatus {
  switch (lifecycle) {
    case null:
      return hasLivingOwner() ? 'queued' : 'interrupted';
    case 'started':
      return hasLivingOwner() ? 'running' : 'interrupted';
    case 'stopped':
    case 'failed':
      return hasLivingOwner() ? 'queued' : lifecycle;
    case 'finished':
      return lifecycle;
  }
}
