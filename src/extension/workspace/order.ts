/** Orders in which runs are listed. */
import type { RunSummary } from '../../runs/store.ts';

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
  return one.init - other.init || one.order - other.order || byCreation(a, b);
}
