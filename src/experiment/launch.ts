import { checkFiles } from '../config/checkFiles.ts';
import { expand } from '../config/expand.ts';
import { type ParsedConfig, parseConfigFile } from '../config/parse.ts';
import type { AggregatorName } from '../engine/types.ts';
import type { Loading } from '../runs/loading.ts';
import { RunStore } from '../runs/store.ts';
import { closeSession, openSession } from '../training/session.ts';
import type { Launch } from './launched.ts';
import { manifestsOf } from './manifests.ts';
import { OwnedRuns } from './ownedRuns.ts';

/** What the command line says in place of the config. */
export interface Overrides {
  readonly seed?: readonly number[];
  readonly aggregate?: readonly AggregatorName[];
  readonly steps?: number;
}

/**
 * Checks a config and its data, then makes the folders of its runs. Until then nothing is written.
 * @param root folder that gets `.grain`
 * @throws ConfigError for mistakes in the config or the data
 */
export async function launchFresh(
  file: string,
  overrides: Overrides,
  root: string,
  onLoading: (loading: Loading) => void,
): Promise<Launch> {
  const parsed = parsedFrom(file, overrides);
  const session = await openSession(parsed, onLoading);
  try {
    const manifests = await manifestsOf(parsed, session, expand(parsed.config), root);
    const folders = new RunStore(root).createAll(manifests);
    const runs = manifests.map((manifest, i) => ({ manifest, folder: folders[i]!.path }));
    return { session, runs, owned: OwnedRuns.take(runs) };
  } catch (error) {
    await closeSession(session);
    throw error;
  }
}

function parsedFrom(file: string, { seed, aggregate, steps }: Overrides): ParsedConfig {
  const parsed = parseConfigFile(file);
  checkFiles(parsed);
  return parsed.with({
    ...(seed && { seeds: [...seed] }),
    ...(aggregate && { aggregate: [...new Set(aggregate)] }),
    ...(steps && { steps }),
  });
}
