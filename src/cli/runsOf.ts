/** The runs that a command is asked about: of a config, of experiments, or themselves. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { latestExperiment, runsOfConfig } from '../experiment/experiments.ts';
import { RunReferenceError, resolveRuns } from '../runs/reference.ts';
import { RunStore, type RunSummary } from '../runs/store.ts';

/** Without references, those of the latest experiment. @throws RunReferenceError if there are none */
export async function runsOf(references: readonly string[], root?: string): Promise<RunSummary[]> {
  const [first] = references;
  if (first === undefined) return latestOf(await new RunStore(root).listWatching(), 'no runs here');
  if (references.length === 1 && /\.(ya?ml|json)$/.test(first) && existsSync(first)) {
    const none = `no runs of ${first} in ${root ?? path.dirname(path.resolve(first))}`;
    const runs = await runsOfConfig(path.resolve(first), root);
    return latestOf(runs, `${none}. Train some: grain run ${first}`);
  }
  const all = await new RunStore(root).listWatching();
  const runs = references.flatMap((reference) => resolveRuns(all, reference));
  return [...new Set(runs)];
}

function latestOf(runs: readonly RunSummary[], otherwise: string): RunSummary[] {
  const latest = latestExperiment(runs);
  if (latest.length === 0) throw new RunReferenceError(otherwise);
  return latest;
}
