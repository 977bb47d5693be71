/** Which runs on disk belong together. */
import path from 'node:path';
import { latestFirst } from '../runs/order.ts';
import { RunStore, type RunSummary } from '../runs/store.ts';

/** All runs of a config, where `grain run` puts them if nothing else is said. @param file absolute path of the config */
export async function runsOfConfig(file: string, root = path.dirname(file)): Promise<RunSummary[]> {
  const configPath = path.relative(root, file).split(path.sep).join('/');
  const runs = await new RunStore(root).listWatching();
  return runs.filter(({ manifest }) => manifest.configPath === configPath);
}

/** The runs of the latest experiment among them, but not of those that only tuned one; none of none. */
export function latestExperiment(runs: readonly RunSummary[]): RunSummary[] {
  const [latest] = runs
    .filter(({ manifest }) => manifest.experiment.tunes === undefined)
    .sort(latestFirst);
  return runs.filter(({ manifest }) => manifest.experiment.id === latest?.manifest.experiment.id);
}
