import { existsSync } from 'node:fs';
import { mkdir, statfs } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { datasetInfo, listFiles, modelInfo } from '@huggingface/hub';
import { hasCode } from '../runs/errno.ts';
import { OwnedError, type Ownership, takeOwnership } from '../runs/owner.ts';
import { downloadBlob, type RemoteFile } from './download/blob.ts';
import { DownloadError } from './download/downloadError.ts';
import { type HubEnvironment, hubEnvironment } from './download/environment.ts';
import { cancelled, hubFetch, unreachable } from './download/fetch.ts';
import { CachedRepository, type RepositoryKind } from './download/repository.ts';
import { isComplete, type Wanted, wantedFiles } from './download/wanted.ts';

export { DownloadError, MissingFile } from './download/downloadError.ts';

/** Of all files together. */
export interface Download {
  /** The one that is coming. */
  readonly file: string;
  /** Bytes that are here, with those that were before. */
  readonly done: number;
  readonly total: number;
}

export interface ResolveOptions {
  readonly kind: RepositoryKind;
  readonly files: Wanted;
  readonly onProgress: (download: Download) => void;
  readonly signal?: AbortSignal;
}

/**
 * Brings files of a repository of the hub into the cache that all Hugging Face libraries share. What is there already is
 * not downloaded again; with HF_HUB_OFFLINE, without a network, or for a commit, it is used as it is.
 * @param id `owner/name`, or `owner/name@revision` with a branch, a tag or a commit
 * @returns the folder of the snapshot
 * @throws DownloadError
 */
export async function resolveRepository(
  id: string,
  { kind, files, onProgress, signal }: ResolveOptions,
): Promise<string> {
  const environment = hubEnvironment();
  const repository = new CachedRepository(id, kind, environment.cache);
  const cached = completeSnapshot(repository, repository.cachedCommit, files);
  if (environment.offline && !cached) throw notCached(repository, environment);
  if (cached && (environment.offline || repository.revisionIsCommit)) return cached;
  try {
    return await update(repository, environment, {
      kind,
      files,
      onProgress,
      ...(signal && { signal }),
    });
  } catch (error) {
    const problem = explained(error, environment);
    const usable = problem instanceof DownloadError && problem.failure !== 'cancelled';
    if (cached && usable) return cached;
    throw problem;
  }
}

/**
 * What was resolved, with the commit in place of a branch or a tag: `owner/name@commit`, which stands for the same files for good.
 * @param snapshot what `resolveRepository` gave for it
 */
export function resolvedId(id: string, snapshot: string): string {
  return `${nameOf(id)}@${path.basename(snapshot)}`;
}

/** `owner/name` of an id with or without a revision. */
export function nameOf(id: string): string {
  return id.split('@')[0]!;
}

/** Downloads what the cache lacks of the commit that the revision is now. */
async function update(
  repository: CachedRepository,
  environment: HubEnvironment,
  { files, onProgress, signal }: ResolveOptions,
): Promise<string> {
  const connection = { ...environment, fetch: hubFetch(repository, environment, signal), signal };
  const commit = repository.revisionIsCommit
    ? repository.revision
    : await currentCommit(repository, connection);
  if (!completeSnapshot(repository, commit, files)) {
    const listing = await listingOf(repository, commit, connection);
    const wanted = wantedFiles(repository, listing, files);
    await downloadAll(repository, commit, wanted, connection, onProgress);
  }
  await repository.rememberCommit(commit);
  return repository.snapshot(commit);
}

interface Connection extends HubEnvironment {
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal | undefined;
}

async function currentCommit(
  { kind, name, revision }: CachedRepository,
  { endpoint, fetch }: Connection,
): Promise<string> {
  const asked = { name, revision, hubUrl: endpoint, fetch };
  const { sha } =
    kind === 'dataset'
      ? await datasetInfo({ ...asked, additionalFields: ['sha'] })
      : await modelInfo({ ...asked, additionalFields: ['sha'] });
  if (/^[0-9a-f]{40}$/.test(sha)) return sha;
  throw unreachable(endpoint, new Error(`it names no commit for ${name}`));
}

async function listingOf(
  { kind, name }: CachedRepository,
  commit: string,
  { endpoint, fetch }: Connection,
): Promise<readonly RemoteFile[]> {
  const listing: RemoteFile[] = [];
  const repo = { type: kind, name };
  const entries = listFiles({ repo, revision: commit, recursive: true, hubUrl: endpoint, fetch });
  for await (const { type, path, size, oid, lfs } of entries) {
    if (type !== 'file') continue;
    const hash = lfs?.oid ?? oid ?? '';
    // It becomes the name of a file.
    if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hash)) {
      throw unreachable(endpoint, new Error(`it lists ${path} with the hash "${hash}"`));
    }
    listing.push({ path, size: lfs?.size ?? size, hash });
  }
  return listing;
}

async function downloadAll(
  repository: CachedRepository,
  commit: string,
  files: readonly RemoteFile[],
  { endpoint, cache, fetch, signal }: Connection,
  onProgress: (download: Download) => void,
): Promise<void> {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const missing = files.filter(({ hash }) => !existsSync(repository.blob(hash)));
  await refuseFullDisk(
    cache,
    missing.reduce((sum, { size }) => sum + size, 0),
  );
  const { kind, name } = repository;
  const prefix = `${endpoint}/${kind === 'dataset' ? 'datasets/' : ''}${name}/resolve/${commit}`;
  let before = 0;
  for (const remote of files) {
    const ownership = await claimed(repository.claim(remote.hash), signal);
    try {
      await downloadBlob({
        url: `${prefix}/${remote.path.split('/').map(encodeURIComponent).join('/')}`,
        remote,
        blob: repository.blob(remote.hash),
        fetch,
        signal,
        lost: (error) => (signal?.aborted ? cancelled(error) : unreachable(endpoint, error)),
        onBytes: (here) => onProgress({ file: remote.path, done: before + here, total }),
      });
    } finally {
      ownership.release();
    }
    await repository.link(remote.hash, commit, remote.path);
    before += remote.size;
  }
}

/** Waits for another process that downloads the same blob. */
async function claimed(folder: string, signal: AbortSignal | undefined): Promise<Ownership> {
  await mkdir(folder, { recursive: true });
  for (;;) {
    if (signal?.aborted) throw cancelled(signal.reason);
    try {
      return takeOwnership(folder);
    } catch (error) {
      if (!(error instanceof OwnedError)) throw error;
      await sleep(500);
    }
  }
}

async function refuseFullDisk(cache: string, needed: number): Promise<void> {
  await mkdir(cache, { recursive: true });
  const { bavail, bsize } = await statfs(cache);
  if (needed <= bavail * bsize) return;
  throw new DownloadError(
    'disk',
    `${inGigabytes(needed)} GB are needed in ${cache}, ${inGigabytes(bavail * bsize)} GB are free: make room, or set HF_HOME to a folder on another disk`,
  );
}

function inGigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(2);
}

function completeSnapshot(
  repository: CachedRepository,
  commit: string | undefined,
  files: Wanted,
): string | undefined {
  const snapshot = commit && repository.snapshot(commit);
  return snapshot && isComplete(snapshot, files) ? snapshot : undefined;
}

function notCached({ name }: CachedRepository, { cache }: HubEnvironment): DownloadError {
  return new DownloadError(
    'offline',
    `${name} is not in ${cache}, or not all of it, and HF_HUB_OFFLINE forbids to download it: unset it, or set HF_HOME to the cache that has it`,
  );
}

const diskCodes = ['ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'EPERM', 'ENOTDIR', 'EEXIST'];

/**
 * Errors of system calls are about the cache: those of the network are DownloadErrors already. What is no JSON comes from
 * something that is no hub.
 */
function explained(error: unknown, { cache, endpoint }: HubEnvironment): unknown {
  if (error instanceof SyntaxError) return unreachable(endpoint, error);
  const code = diskCodes.find((code) => hasCode(error, code));
  if (code === undefined) return error;
  const why = code === 'ENOSPC' || code === 'EDQUOT' ? 'the disk is full' : code;
  return new DownloadError(
    'disk',
    `${cache} cannot be written: ${why}. Mend that, or set HF_HOME to another folder; what has come so far is kept`,
    { cause: error },
  );
}
