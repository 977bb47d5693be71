import { existsSync } from 'node:fs';
import { mkdir, statfs } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OwnedError, type Ownership, takeOwnership } from '../runs/owner.ts';
import { downloadBlob } from './download/blob.ts';
import {
  cacheError,
  cancelled,
  DownloadError,
  unexpectedResponse,
} from './download/downloadError.ts';
import { HubApi, type HubEnvironment, hubEnvironment, type RemoteFile } from './download/hubApi.ts';
import { CachedRepository, type RepositoryKind } from './download/repository.ts';
import { isComplete, type RequestedFiles, selectFiles } from './download/requestedFiles.ts';
import type { Stall } from './download/stall.ts';

export { DownloadError, MissingFile } from './download/downloadError.ts';

export interface DownloadProgress {
  /** The file that is being downloaded. */
  readonly file: string;
  /** Bytes of all files received so far, including those of earlier attempts. */
  readonly done: number;
  /** Bytes of all files. */
  readonly total: number;
}

export interface ResolveOptions {
  readonly kind: RepositoryKind;
  readonly files: RequestedFiles;
  readonly onProgress: (progress: DownloadProgress) => void;
  /** Called before a connection over which nothing, or too little, came is tried again. Default: does nothing. */
  readonly onStall?: (stall: Stall) => void;
  readonly signal?: AbortSignal;
  /** A commit that the id's branch or tag referred to when other files were resolved; default: the one that it refers to now. */
  readonly commit?: string;
  /** Takes what is in the cache, as with HF_HUB_OFFLINE. */
  readonly cachedOnly?: boolean;
}

/**
 * Downloads files of a repository of the Hugging Face Hub into the cache that all Hugging Face libraries share. Cached files are
 * not downloaded again. With a commit as revision or with HF_HUB_OFFLINE, the Hub is not asked whether they are current; if the
 * download fails, a complete snapshot in the cache is used.
 * @param id `owner/name`, or `owner/name@revision` with a branch, a tag or a commit
 * @returns the folder of the snapshot
 * @throws DownloadError
 */
export async function resolveRepository(
  id: string,
  {
    kind,
    files,
    onProgress,
    onStall = () => {},
    signal,
    commit: pinned,
    ...options
  }: ResolveOptions,
): Promise<string> {
  const environment = hubEnvironment();
  const { cache, endpoint } = environment;
  const offline = environment.offline || options.cachedOnly === true;
  const repository = new CachedRepository(id, kind, cache);
  const cachedCommit = pinned ?? repository.cachedCommit;
  const cached = await completeSnapshot(repository, cachedCommit, files);
  if (offline && !cached) throw notCached(repository, cache);
  if (cached && (offline || repository.revisionIsCommit)) return cached;
  try {
    const api = new HubApi(repository, environment, { signal, onStall });
    const known = pinned ?? (repository.revisionIsCommit ? repository.revision : undefined);
    const commit = known ?? (await api.commit());
    await update(repository, api, { cache, commit, files, onProgress, onStall });
    return repository.snapshot(commit);
  } catch (error) {
    const failure = toDownloadError(error, { cache, endpoint });
    const ranOutOfTime = signal?.reason instanceof Error && signal.reason.name === 'TimeoutError';
    const mayUseCache =
      failure instanceof DownloadError && (failure.failure !== 'cancelled' || ranOutOfTime);
    if (cached && mayUseCache) return cached;
    throw failure;
  }
}

/**
 * The id with the commit instead of a branch or a tag, `owner/name@commit`, which always refers to the same files.
 * @param snapshot the folder that `resolveRepository` returned for the id
 */
export function resolvedId(id: string, snapshot: string): string {
  return `${nameOf(id)}@${path.basename(snapshot)}`;
}

/** `owner/name` of an id with or without a revision. */
export function nameOf(id: string): string {
  return id.split('@')[0]!;
}

interface UpdateOptions extends Pick<ResolveOptions, 'files' | 'onProgress'> {
  readonly cache: string;
  readonly commit: string;
  readonly onStall: (stall: Stall) => void;
}

/** Downloads the files of a commit that the cache lacks. */
async function update(
  repository: CachedRepository,
  api: HubApi,
  options: UpdateOptions,
): Promise<void> {
  const { cache, commit, files } = options;
  if (!(await completeSnapshot(repository, commit, files))) {
    const selected = selectFiles(repository, await api.list(commit), files);
    await checkFreeSpace(repository, selected, cache);
    await downloadAll(repository, selected, api, options);
  }
  // Until the weights are there too, what was complete before can be used without a network.
  if (files !== 'description') await repository.rememberCommit(commit);
}

async function downloadAll(
  repository: CachedRepository,
  files: readonly RemoteFile[],
  api: HubApi,
  { commit, onProgress, onStall }: UpdateOptions,
): Promise<void> {
  const total = bytesOf(files);
  let before = 0;
  for (const remote of files) {
    const ownership = await lock(repository.lockFolder(remote.hash), api.signal);
    try {
      await downloadBlob({
        url: api.urlOf(remote, commit),
        remote,
        blob: repository.blob(remote.hash),
        fetch: api.fetch,
        signal: api.signal,
        timeoutMs: api.timeoutMs,
        onStall,
        lost: (error) => api.lost(error),
        onBytes: (received) => onProgress({ file: remote.path, done: before + received, total }),
      });
    } finally {
      ownership.release();
    }
    await repository.link(remote.hash, commit, remote.path);
    before += remote.size;
  }
}

/** Waits while another process downloads the same blob. */
async function lock(folder: string, signal: AbortSignal | undefined): Promise<Ownership> {
  await mkdir(folder, { recursive: true });
  for (;;) {
    if (signal?.aborted) throw cancelled(signal.reason);
    try {
      return await takeOwnership(folder);
    } catch (error) {
      if (!(error instanceof OwnedError)) throw error;
      await sleep(500);
    }
  }
}

/** @throws DownloadError if the files that are not in the cache do not fit on its disk */
async function checkFreeSpace(
  repository: CachedRepository,
  files: readonly RemoteFile[],
  cache: string,
): Promise<void> {
  await mkdir(cache, { recursive: true });
  const { bavail, bsize } = await statfs(cache);
  const free = bavail * bsize;
  const needed = bytesOf(files.filter(({ hash }) => !existsSync(repository.blob(hash))));
  if (needed <= free) return;
  throw new DownloadError(
    'disk',
    `the download needs ${inGigabytes(needed)} GB in ${cache}, but ${inGigabytes(free)} GB are free. Free some space, or set HF_HOME to a folder on another disk`,
  );
}

function bytesOf(files: readonly RemoteFile[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

function inGigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(2);
}

/** The folder of a snapshot with all files; undefined if there is none. */
async function completeSnapshot(
  repository: CachedRepository,
  commit: string | undefined,
  files: RequestedFiles,
): Promise<string | undefined> {
  if (commit === undefined) return undefined;
  const snapshot = repository.snapshot(commit);
  return (await isComplete(snapshot, files)) ? snapshot : undefined;
}

function notCached({ name }: CachedRepository, cache: string): DownloadError {
  return new DownloadError(
    'offline',
    `${name} is not in ${cache}, or not completely, and HF_HUB_OFFLINE forbids downloading it. Unset it, or set HF_HOME to the cache that contains it`,
  );
}

/**
 * Network errors are DownloadErrors already, so failed system calls are about the cache; a SyntaxError comes from a response that
 * is not JSON.
 */
function toDownloadError(
  error: unknown,
  { cache, endpoint }: Pick<HubEnvironment, 'cache' | 'endpoint'>,
): unknown {
  if (error instanceof SyntaxError) {
    return unexpectedResponse(endpoint, `not valid JSON (${error.message})`, error);
  }
  return cacheError(error, cache) ?? error;
}
