import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileSize } from '../../runs/fileSize.ts';
import { DownloadError } from './downloadError.ts';
import type { RemoteFile } from './hubApi.ts';
import {
  leastProgress,
  MAX_ATTEMPTS,
  pauseAfter,
  type Stall,
  StallError,
  StallTimer,
} from './stall.ts';

/** A file to download. */
export interface BlobRequest {
  readonly url: string;
  readonly remote: RemoteFile;
  /** Path of the complete blob in the cache. */
  readonly blob: string;
  readonly fetch: typeof fetch;
  /** Called with the number of bytes received so far. */
  readonly onBytes: (received: number) => void;
  readonly signal: AbortSignal | undefined;
  /** How long nothing may come before the connection is given up. */
  readonly timeoutMs: number;
  /** Called before a connection over which nothing, or too little, came is tried again. */
  readonly onStall: (stall: Stall) => void;
  /** Makes the error for a lost connection. */
  readonly lost: (error: unknown) => DownloadError;
}

/**
 * Downloads a blob into `<blob>.incomplete`, resuming an earlier attempt of any process, and renames it once its hash is right.
 * @throws DownloadError; the incomplete file is deleted only if its hash is wrong
 */
export async function downloadBlob(request: BlobRequest): Promise<void> {
  const { remote, blob } = request;
  const incomplete = `${blob}.incomplete`;
  await mkdir(path.dirname(blob), { recursive: true });
  if (existsSync(blob)) return request.onBytes(remote.size);
  const resumed = (await fileSize(incomplete)) > 0;
  await receiveAll(request, incomplete);
  if ((await hashOf(incomplete, remote)) !== remote.hash) {
    await rm(incomplete);
    // The earlier attempt may have left wrong bytes: download everything once more.
    if (resumed) return downloadBlob(request);
    throw new DownloadError('network', `${remote.path} was damaged in transit. Try again`);
  }
  await rename(incomplete, blob);
}

/** Retries until the file is complete or several attempts in a row bring hardly any bytes. */
async function receiveAll(request: BlobRequest, incomplete: string): Promise<void> {
  const { signal } = request;
  for (let failures = 0, received = await fileSize(incomplete); ; ) {
    try {
      return await receive(request, incomplete);
    } catch (error) {
      if (!(error instanceof DownloadError) || error.failure !== 'network') throw error;
      const now = await fileSize(incomplete);
      const hasProgress = now - received >= leastProgress(request.timeoutMs);
      failures = hasProgress ? 1 : failures + 1;
      received = now;
      if (failures >= MAX_ATTEMPTS) throw error;
      if (error.cause instanceof StallError) {
        const { message: reason } = error.cause;
        const [attempt, attempts] = [failures + 1, MAX_ATTEMPTS];
        request.onStall({ what: request.remote.path, reason, attempt, attempts });
      }
      await pauseAfter(failures, signal);
    }
  }
}

/** Appends the bytes that one connection delivers. @throws DownloadError if it ends before the file is complete */
async function receive(request: BlobRequest, incomplete: string): Promise<void> {
  const timer = new StallTimer(request.timeoutMs);
  try {
    await receiveFrom(request, incomplete, timer);
  } finally {
    timer.stop();
  }
}

async function receiveFrom(
  request: BlobRequest,
  incomplete: string,
  timer: StallTimer,
): Promise<void> {
  const { url, remote, onBytes, lost } = request;
  let received = await fileSize(incomplete);
  onBytes(Math.min(received, remote.size));
  if (received === remote.size && received > 0) return;
  const fromStart = received === 0 || received > remote.size;
  const headers = fromStart ? {} : { Range: `bytes=${received}-` };
  const response = await request.fetch(url, { headers, signal: timer.signal });
  // A server may send the whole file although a range was requested.
  const resumes = response.status === 206 && startOf(response) === received;
  if (!resumes) received = 0;
  const file = await open(incomplete, resumes ? 'a' : 'w');
  try {
    for await (const chunk of chunksOf(response, lost)) {
      timer.received(chunk.length);
      received += chunk.length;
      if (received > remote.size)
        throw lost(new Error(`${remote.path} has more bytes than listed`));
      await file.appendFile(chunk);
      onBytes(received);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (received < remote.size) throw lost(new Error('the connection ended early'));
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
    // After an error the rest of the response is not needed.
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
