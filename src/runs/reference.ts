import type { RunSummary } from './store.ts';

/** A reference matches no run, or several where one is expected. */
export class RunReferenceError extends Error {
  override readonly name = 'RunReferenceError';
}

/**
 * The run with that id, or the only one whose id starts with the reference.
 * @throws RunReferenceError listing the runs that match
 */
export function resolveRun(all: readonly RunSummary[], reference: string): RunSummary {
  const exact = all.find(({ manifest }) => manifest.id === reference);
  const matches = exact ? [exact] : all.filter(({ manifest }) => manifest.id.startsWith(reference));
  const [run] = matches;
  if (!run) throw new RunReferenceError(`no run matches "${reference}"`);
  if (matches.length === 1) return run;
  const candidates = matches.map(({ manifest }) => `  ${manifest.id}`);
  throw new RunReferenceError([`"${reference}" matches several runs:`, ...candidates].join('\n'));
}

/**
 * The runs of the experiment with that id, or else the one run that matches.
 * @throws RunReferenceError listing the runs that match
 */
export function resolveRuns(all: readonly RunSummary[], reference: string): RunSummary[] {
  const runs = all.filter(({ manifest }) => manifest.experiment.id === reference);
  return runs.length > 0 ? runs : [resolveRun(all, reference)];
}
