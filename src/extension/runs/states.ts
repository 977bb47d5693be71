import type { RunStatus } from '../../runs/status.ts';

/** A process works on the run, or will. */
export function isLiving(status: RunStatus): boolean {
  return status === 'running' || status === 'queued';
}

/** Not done, and no process works on it: it can go on from its last checkpoint. */
export function isResumable(status: RunStatus): boolean {
  return status === 'interrupted' || status === 'stopped' || status === 'failed';
}

/** The state of several runs taken together is that of the one that most wants attention. */
const byAttention: readonly RunStatus[] = [
  'running',
  'queued',
  'failed',
  'interrupted',
  'stopped',
  'finished',
];

/** @param statuses at least one */
export function overallStatus(statuses: readonly RunStatus[]): RunStatus {
  return byAttention.find((status) => statuses.includes(status)) ?? 'finished';
}
