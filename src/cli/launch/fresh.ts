import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { AggregatorName } from '../../engine/types.ts';
import { expand } from '../../experiment/expand.ts';
import { ConfigError, parseConfig } from '../../experiment/parse.ts';
import { takeOwnership } from '../../runs/owner.ts';
import { RunStore } from '../../runs/store.ts';
import { manifestsOf } from '../../training/manifests.ts';
import { Request } from '../../training/request.ts';
import { openSession } from '../../training/session.ts';
import type { Launch } from './launch.ts';

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
  onLoading: (done: number, total: number) => void,
): Promise<Launch> {
  const request = requestFrom(file, overrides);
  const session = await openSession(request, onLoading);
  const store = new RunStore(path.join(root, '.grain/runs'));
  const runs = manifestsOf(request, session, expand(request.config), root).map((manifest) => ({
    manifest,
    folder: store.create(manifest).path,
  }));
  const ownerships = runs.map(({ folder }) => takeOwnership(folder));
  const release = () => {
    for (const ownership of ownerships) ownership.release();
  };
  return { session, runs, release };
}

function requestFrom(file: string, { seed, aggregate, steps }: Overrides): Request {
  const { config, position } = parseConfig(readConfig(file), file);
  const overridden = {
    ...config,
    ...(seed && { seeds: [...seed] }),
    ...(aggregate && { aggregate: [...new Set(aggregate)] }),
    ...(steps && { steps }),
  };
  return new Request(overridden, file, position);
}

function readConfig(file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8');
  const start = { line: 1, column: 1, endLine: 1, endColumn: 1 };
  throw new ConfigError([
    {
      file,
      ...start,
      path: [],
      message: 'there is no such file',
      expected: 'the path of a config',
    },
  ]);
}
