/** The state of the Git repository that a config is in. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { RunManifest } from '../runs/manifest.ts';

/** A repository that is slow to answer must not keep runs waiting. */
const TIMEOUT_MS = 5_000;

/** Null outside a repository, before its first commit, and without Git. */
export async function gitStateOf(folder: string): Promise<RunManifest['git'] | null> {
  const git = async (...args: string[]) => {
    const options = {
      cwd: folder,
      timeout: TIMEOUT_MS,
      env: { ...process.env, GIT_OPTIONAL_LOCKS: '0' },
    };
    return (await promisify(execFile)('git', args, options)).stdout.trim();
  };
  try {
    const commit = await git('rev-parse', '--verify', 'HEAD');
    const changed = await git('status', '--porcelain', '--untracked-files=no');
    return { commit, dirty: changed !== '' };
  } catch {
    return null;
  }
}
