import type { RunSummary } from './store.ts';

/** A reference to runs leads to none, or to several where one is meant. */
export class RunReferenceError extends Error {
  override readonly name = 'RunReferenceError';
}

/**
 * The run of an id, or of the start of one that no other run shares.
 * @throws RunReferenceError listing the runs that could be meant
 */
export function referredRun(all: readonly RunSummary[], reference: string): RunSummary {
  const exact = all.find(({ manifest }) => manifest.id === reference);
  const meant = exact ? [exact] : all.filter(({ manifest }) => manifest.id.startsWith(reference));
  const [run] = meant;
  if (!run) throw new RunReferenceError(`there is no run "${reference}"`);
  if (meant.length === 1) return run;
  const candidates = meant.map(({ manifest }) => `  ${manifest.id}`);
  throw new RunReferenceError([`"${reference}" may mean any of`, ...candidates].join('\n'));
}

/**
 * The runs of an experiment by its id, or else the one run that is referred to.
 * @throws RunReferenceError listing the runs that could be meant
 */
export function referredRuns(all: readonly RunSummary[], reference: string): RunSummary[] {
  const runs = all.filter(({ manifest }) => manifest.experiment.id === reference);
  return runs.length > 0 ? runs : [referredRun(all, reference)];
}
