import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from '../../runs/errno.ts';
import { DownloadError } from './downloadError.ts';

/** A file of a repository as the hub lists it. */
export interface RemoteFile {
  readonly path: string;
  readonly size: number;
  /** SHA-256 of large files, git's SHA-1 of the others; in the cache it is the blob's name. */
  readonly hash: string;
}

export interface BlobRequest {
  readonly url: string;
  readonly remote: RemoteFile;
  /** Where the blob goes when it is whole. */
  readonly blob: string;
  readonly fetch: typeof fetch;
  /** Told how many bytes of the file are here. */
  readonly onBytes: (here: number) => void;
  readonly signal: AbortSignal | undefined;
  /** A DownloadError for a connection that was lost. */
  readonly lost: (error: unknown) => DownloadError;
}

/** A connection that brings nothing so often in a row is given up. */
const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 500;

/**
 * Downloads a blob: into `<blob>.incomplete`, from the byte where an earlier attempt was cut off, in this process or another
 * one, and moves it to its place once its hash is right.
 * @throws DownloadError; the incomplete file stays, unless its hash is wrong
 */
export async function downloadBlob(request: BlobRequest): Promise<void> {
  const { remote, blob } = request;
  const incomplete = `${blob}.incomplete`;
  await mkdir(path.dirname(blob), { recursive: true });
  if (existsSync(blob)) return request.onBytes(remote.size);
  const resumed = (await sizeOf(incomplete)) > 0;
  await complete(request, incomplete);
  if ((await hashOf(incomplete, remote)) !== remote.hash) {
    await rm(incomplete);
    // What was left by an earlier attempt may be to blame: once more, all of it.
    if (resumed) return downloadBlob(request);
    throw new DownloadError('network', `${remote.path} was damaged on its way: try again`);
  }
  await rename(incomplete, blob);
}

async function complete(request: BlobRequest, incomplete: string): Promise<void> {
  const { signal } = request;
  for (let failures = 0, here = await sizeOf(incomplete); ; ) {
    try {
      return await receive(request, incomplete);
    } catch (error) {
      if (!(error instanceof DownloadError) || error.failure !== 'network') throw error;
      const now = await sizeOf(incomplete);
      failures = now > here ? 1 : failures + 1;
      here = now;
      if (failures >= ATTEMPTS) throw error;
      await sleep(FIRST_PAUSE_MS * 2 ** (failures - 1), undefined, signal && { signal }).catch(
        () => {},
      );
    }
  }
}

/** One connection's worth. */
async function receive(request: BlobRequest, incomplete: string): Promise<void> {
  const { url, remote, onBytes, lost } = request;
  let here = await sizeOf(incomplete);
  onBytes(Math.min(here, remote.size));
  if (here === remote.size && here > 0) return;
  const whole = here === 0 || here > remote.size;
  const headers = whole ? {} : { Range: `bytes=${here}-` };
  const response = await request.fetch(url, { headers });
  // A server may send all of it where a part was asked for.
  const follows = response.status === 206 && startOf(response) === here;
  if (!follows) here = 0;
  const file = await open(incomplete, follows ? 'a' : 'w');
  try {
    for await (const chunk of chunksOf(response, lost)) {
      here += chunk.length;
      if (here > remote.size) throw lost(new Error(`${remote.path} has more bytes than listed`));
      await file.appendFile(chunk);
      onBytes(here);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (here < remote.size) throw lost(new Error('the connection ended early'));
}

async function* chunksOf(
  { body }: Response,
  lost: (error: unknown) => DownloadError,
): AsyncGenerator<Uint8Array> {
  if (!body) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error) => {
        throw lost(error);
      });
      if (done) return;
      yield value;
    }
  } finally {
    // Where the reader stops for another reason than the end, the connection must not go on.
    await reader.cancel().catch(() => {});
  }
}

function startOf(response: Response): number {
  const range = response.headers.get('Content-Range') ?? '';
  return Number(/^bytes (\d+)-/.exec(range)?.[1]);
}

async function hashOf(file: string, { size, hash }: RemoteFile): Promise<string> {
  const isGit = hash.length === 40;
  const digest = createHash(isGit ? 'sha1' : 'sha256');
  if (isGit) digest.update(`blob ${size}\0`);
  for await (const chunk of createReadStream(file)) digest.update(chunk);
  return digest.digest('hex');
}

/** 0 if it is not there. */
async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0;
    throw error;
  }
}
