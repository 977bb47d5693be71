import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { datasetInfo, getHFHubCachePath, listFiles, modelInfo } from '@huggingface/hub';
import * as z from 'zod';
import { hasCode } from '../../config/errors.ts';
import { cancelled, DownloadError, unexpectedResponse, unreachable } from './downloadError.ts';
import type { CachedRepository } from './repository.ts';
import { MAX_ATTEMPTS, pauseAfter, type Stall, StallError, StallTimer } from './stall.ts';

/** Settings from the environment variables that all Hugging Face libraries read. */
export interface HubEnvironment {
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** The cache folder, shared with Python's libraries. */
  readonly cache: string;
  readonly token: string | undefined;
  /** Whether network access is forbidden. */
  readonly offline: boolean;
  /** How long nothing may come over a connection before it is tried again. */
  readonly timeoutMs: number;
}

/** Reads HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HF_TOKEN and its file, HF_HUB_OFFLINE and HF_HUB_DOWNLOAD_TIMEOUT. */
export function hubEnvironment(): HubEnvironment {
  const { env } = process;
  const home = env.HF_HOME ?? path.join(env.XDG_CACHE_HOME ?? '~/.cache', 'huggingface');
  return {
    endpoint: (env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, ''),
    cache: expandHome(getHFHubCachePath()),
    token:
      (env.HF_TOKEN || env.HUGGING_FACE_HUB_TOKEN)?.trim() ||
      readSavedToken(expandHome(env.HF_TOKEN_PATH ?? path.join(home, 'token'))),
    offline: /^(1|on|yes|true)$/i.test(env.HF_HUB_OFFLINE || env.TRANSFORMERS_OFFLINE || ''),
    timeoutMs: 1000 * (Number(env.HF_HUB_DOWNLOAD_TIMEOUT) || DEFAULT_TIMEOUT_SECONDS),
  };
}

const DEFAULT_TIMEOUT_SECONDS = 10;

/** Replaces a leading `~` by the home folder. */
function expandHome(file: string): string {
  return path.resolve(file.replace(/^~(?=$|[/\\])/, homedir()));
}

/** The token that `hf auth login` saved. */
function readSavedToken(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** A file of a repository as the Hub lists it. */
export interface RemoteFile {
  readonly path: string;
  readonly size: number;
  /** SHA-256 of large files, git's SHA-1 of others; the name of the file's blob in the cache. */
  readonly hash: string;
}

const commitSchema = z.object({ sha: z.string().regex(/^[0-9a-f]{40}$/) });

const size = z.int().nonnegative();
/** Also protects the cache, where the hash becomes the name of a file. */
const hash = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/);
const fileSchema = z
  .object({
    path: z.string(),
    size,
    oid: hash.optional(),
    lfs: z.object({ oid: hash, size }).optional(),
  })
  .transform(({ path, size, oid, lfs }) => ({
    path,
    size: lfs?.size ?? size,
    hash: lfs?.oid ?? oid,
  }));

export interface HubApiOptions {
  readonly signal: AbortSignal | undefined;
  /** Called before a request that was not answered is tried again. */
  readonly onStall: (stall: Stall) => void;
}

/** Requests about one repository, each with the user's token. */
export class HubApi {
  readonly endpoint: string;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  readonly #onStall: (stall: Stall) => void;
  readonly #token: string | undefined;
  readonly #repository: CachedRepository;

  constructor(
    repository: CachedRepository,
    { endpoint, token, timeoutMs }: HubEnvironment,
    { signal, onStall }: HubApiOptions,
  ) {
    this.endpoint = endpoint;
    this.signal = signal;
    this.timeoutMs = timeoutMs;
    this.#onStall = onStall;
    this.#token = token;
    this.#repository = repository;
  }

  /** The commit that the revision refers to now. */
  async commit(): Promise<string> {
    const { kind, name, revision } = this.#repository;
    const request = { name, revision, hubUrl: this.endpoint, fetch: this.#fetchPatiently };
    const info =
      kind === 'dataset'
        ? await datasetInfo({ ...request, additionalFields: ['sha'] })
        : await modelInfo({ ...request, additionalFields: ['sha'] });
    const { success, data } = commitSchema.safeParse(info);
    if (success) return data.sha;
    throw unexpectedResponse(this.endpoint, `no commit for ${name}`);
  }

  /** All files of a commit. */
  async list(commit: string): Promise<readonly RemoteFile[]> {
    const { kind, name } = this.#repository;
    const files: RemoteFile[] = [];
    const entries = listFiles({
      repo: { type: kind, name },
      revision: commit,
      recursive: true,
      hubUrl: this.endpoint,
      fetch: this.#fetchPatiently,
    });
    for await (const entry of entries) {
      if (entry.type !== 'file') continue;
      const { success, data } = fileSchema.safeParse(entry);
      if (!success || data.hash === undefined) {
        throw unexpectedResponse(this.endpoint, `no valid size and hash for ${entry.path}`);
      }
      files.push({ ...data, hash: data.hash });
    }
    return files;
  }

  urlOf(file: RemoteFile, commit: string): string {
    const path = file.path.split('/').map(encodeURIComponent).join('/');
    return `${this.#page}/resolve/${commit}/${path}`;
  }

  /**
   * `fetch` with the user's token, which is not sent to other hosts on a redirect.
   * @returns successful responses only
   * @throws DownloadError for all others
   */
  readonly fetch: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    if (this.#token !== undefined) headers.set('Authorization', `Bearer ${this.#token}`);
    let response: Response;
    try {
      const signals = [this.signal, init?.signal].filter((signal) => signal != null);
      response = await fetch(input, { ...init, headers, signal: AbortSignal.any(signals) });
    } catch (error) {
      throw this.lost(error);
    }
    if (response.ok) return response;
    await response.body?.cancel();
    throw this.#errorFor(response);
  };

  /** `fetch` of small answers as a whole, tried again if nothing comes. */
  readonly #fetchPatiently: typeof fetch = async (input, init) => {
    for (let failures = 1; ; failures++) {
      const timer = new StallTimer(this.timeoutMs);
      try {
        const response = await this.fetch(input, { ...init, signal: timer.signal });
        const body = await response.arrayBuffer().catch((error) => {
          throw this.lost(error);
        });
        const { status, headers } = response;
        return Object.defineProperty(new Response(body, { status, headers }), 'url', {
          value: response.url,
        });
      } catch (error) {
        const stall = error instanceof DownloadError && error.cause;
        if (!(stall instanceof StallError) || failures >= MAX_ATTEMPTS) throw error;
        const { endpoint: what } = this;
        this.#onStall({
          what,
          reason: stall.message,
          attempt: failures + 1,
          attempts: MAX_ATTEMPTS,
        });
        await pauseAfter(failures, this.signal);
      } finally {
        timer.stop();
      }
    }
  };

  /** The error for a connection that was lost or cancelled. */
  lost(error: unknown): DownloadError {
    return this.signal?.aborted ? cancelled(error) : unreachable(this.endpoint, error);
  }

  get #page(): string {
    const { kind, name } = this.#repository;
    return `${this.endpoint}/${kind === 'dataset' ? 'datasets/' : ''}${name}`;
  }

  #errorFor({ status, headers }: Response): DownloadError {
    const { kind, name, revision } = this.#repository;
    const logIn = 'set HF_TOKEN to your token or run `hf auth login`';
    const code = headers.get('X-Error-Code');
    if (code === 'GatedRepo') {
      return new DownloadError(
        'forbidden',
        this.#token === undefined
          ? `${name} is gated. Request access on ${this.#page}, then ${logIn}`
          : `${name} is gated, and your token has no access. Request access on ${this.#page}`,
      );
    }
    if (code === 'RevisionNotFound') {
      return new DownloadError(
        'missing',
        `${name} has no revision "${revision}". See ${this.#page}`,
      );
    }
    // Without access, the Hub does not reveal whether a private repository exists.
    if (status === 401 || status === 403 || status === 404) {
      return new DownloadError(
        status === 404 ? 'missing' : 'forbidden',
        `the ${kind} ${name} does not exist on ${this.endpoint}, or you have no access. Check the name${this.#token === undefined ? `; if it is private, ${logIn}` : ' and the token in HF_TOKEN'}`,
      );
    }
    return new DownloadError(
      'network',
      `${this.endpoint} responded with status ${status}${status === 429 ? ', too many requests. Wait a while' : '. Try again later'}`,
    );
  }
}
