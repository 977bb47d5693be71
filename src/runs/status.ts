/**
 * queued: waits for its turn in a living process. running: being trained. finished, stopped, failed: ended.
 * interrupted: not ended, and the process that owned it is gone; it can be resumed.
 */
export type RunStatus = 'queued' | 'running' | 'finished' | 'stopped' | 'failed' | 'interrupted';
