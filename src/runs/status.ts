import type { EndEvent } from './events.ts';

/**
 * queued: waits for its turn in a live process, to start or to resume. running: being trained. finished, stopped, failed: ended.
 * interrupted: not ended, but the process that owned it is dead; it can be resumed.
 */
export type RunStatus = 'queued' | 'running' | 'finished' | 'stopped' | 'failed' | 'interrupted';

/** A process is working on the run, or will. */
export function isActive(status: RunStatus): boolean {
  return status === 'running' || status === 'queued';
}

/** Not finished, and no process is working on it: it can be resumed from its last checkpoint. */
export function isResumable(status: RunStatus): boolean {
  return status === 'interrupted' || status === 'stopped' || status === 'failed';
}

/** The last of a run's `start` and `end` events; `null` before the first. A run that was resumed starts again. */
export type Lifecycle = 'started' | EndEvent['status'] | null;

export function statusOf(lifecycle: Lifecycle, hasLiveOwner: () => boolean): RunStatus {
  switch (lifecycle) {
    case null:
      return hasLiveOwner() ? 'queued' : 'interrupted';
    case 'started':
      return hasLiveOwner() ? 'running' : 'interrupted';
    case 'stopped':
    case 'failed':
      return hasLiveOwner() ? 'queued' : lifecycle;
    case 'finished':
      return lifecycle;
  }
}
