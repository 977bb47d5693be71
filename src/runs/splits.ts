import type { RunSummary } from './store.ts';

/** The runs with the validation examples of the first one: those that may be compared example by example. */
export function onSameExamples<R extends Pick<RunSummary, 'manifest'>>(runs: readonly R[]): R[] {
  return runs.filter(({ manifest }) => manifest.seed.split === runs[0]!.manifest.seed.split);
}
