import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../experiment/config.ts';
import type { RunManifest } from '../../runs/manifest.ts';
import { takeOwnership } from '../../runs/owner.ts';
import { RunStore, type RunSummary } from '../../runs/store.ts';
import type { Rung } from '../../training/devices/rung.ts';
import { Request } from '../../training/request.ts';
import { closeSession, openSession, type Session } from '../../training/session.ts';
import type { Launch } from './launch.ts';

/** What was asked to be resumed cannot be. */
export class ResumeError extends Error {
  override readonly name = 'ResumeError';
}

/**
 * Takes unfinished runs of one experiment up again, on the device they began on.
 * @param reference id of a run, or the start of one, or id of an experiment for all its unfinished runs
 * @param root folder that holds `.grain`
 * @throws ResumeError if there is nothing to resume, or the data are not what they were
 * @throws ConfigError if config, data and device do not go together any more
 */
export async function launchResumed(
  reference: string,
  root: string,
  onLoading: (done: number, total: number) => void,
): Promise<Launch> {
  const store = new RunStore(path.join(root, '.grain/runs'));
  const runs = unfinished(await store.list(), reference).map(({ manifest }) => ({
    manifest,
    folder: store.open(manifest.id).path,
  }));
  const ownerships = runs.map(({ folder }) => takeOwnership(folder));
  const release = () => {
    for (const ownership of ownerships) ownership.release();
  };
  try {
    const { manifest } = runs[0]!;
    const session = await openSession(requestFrom(manifest, root), onLoading);
    if (!hasSameData(manifest, session)) {
      await closeSession(session);
      throw new ResumeError(
        'the data have changed since the run began; put them back, or start a new run',
      );
    }
    for (const { folder } of runs) rmSync(path.join(folder, 'stop'), { force: true });
    return { session, runs, release };
  } catch (error) {
    release();
    throw error;
  }
}

function unfinished(all: readonly RunSummary[], reference: string): RunSummary[] {
  const ofExperiment = all.filter(({ manifest }) => manifest.experiment.id === reference);
  const exact = all.filter(({ manifest }) => manifest.id === reference);
  const byPrefix = all.filter(({ manifest }) => manifest.id.startsWith(reference));
  const meant = [exact, ofExperiment, byPrefix].find((runs) => runs.length > 0);
  if (!meant) throw new ResumeError(`there is no run or experiment "${reference}"`);
  if (new Set(meant.map(({ manifest }) => manifest.experiment.id)).size > 1) {
    const ids = meant.map(({ manifest }) => manifest.id).join(', ');
    throw new ResumeError(`"${reference}" may mean any of ${ids}`);
  }
  const resumable = meant.filter(({ status }) =>
    ['interrupted', 'stopped', 'failed'].includes(status),
  );
  if (resumable.length > 0) return resumable;
  const states = meant.map(({ manifest, status }) => `${manifest.id} is ${status}`);
  throw new ResumeError(`nothing to resume: ${states.join(', ')}`);
}

function requestFrom(manifest: RunManifest, root: string): Request {
  // The manifest holds the config as it was resolved, whatever became of its file.
  const config = manifest.config as unknown as Config;
  const start = { line: 1, column: 1, endLine: 1, endColumn: 1 };
  return new Request(
    { ...config, device: manifest.device.rung as Rung },
    path.join(root, manifest.configPath),
    () => start,
  );
}

function hasSameData({ fingerprints }: RunManifest, { data }: Session): boolean {
  return Object.entries(data.fingerprints).every(([part, sha]) => fingerprints[part] === sha);
}
