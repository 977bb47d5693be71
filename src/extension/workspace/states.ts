import type { RunStatus } from '../../runs/status.ts';

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
