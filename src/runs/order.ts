/** Orders of runs, and the overall status of several. */
import type { RunStatus } from './status.ts';
import type { RunSummary } from './store.ts';

export function byCreation(a: RunSummary, b: RunSummary): number {
  return (
    Date.parse(a.manifest.createdAt) - Date.parse(b.manifest.createdAt) ||
    a.manifest.id.localeCompare(b.manifest.id)
  );
}

export function latestFirst(a: RunSummary, b: RunSummary): number {
  return byCreation(b, a);
}

export function bySeed(a: RunSummary, b: RunSummary): number {
  const [one, other] = [a.manifest.seed, b.manifest.seed];
  return (
    one.init - other.init ||
    one.order - other.order ||
    (one.split ?? 0) - (other.split ?? 0) ||
    byCreation(a, b)
  );
}

/** The status that most needs attention first. */
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
