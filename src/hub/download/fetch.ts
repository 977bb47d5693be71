import { DownloadError } from './downloadError.ts';
import type { HubEnvironment } from './environment.ts';
import type { CachedRepository } from './repository.ts';

/**
 * `fetch` for what belongs to a repository: with the user's token, which does not follow redirections to other hosts.
 * @returns answers that are what was asked for; all others are thrown as DownloadError
 */
export function hubFetch(
  repository: CachedRepository,
  { endpoint, token }: HubEnvironment,
  signal: AbortSignal | undefined,
): typeof fetch {
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
    let response: Response;
    try {
      response = await fetch(input, { ...init, headers, ...(signal && { signal }) });
    } catch (error) {
      throw signal?.aborted ? cancelled(error) : unreachable(endpoint, error);
    }
    if (response.ok) return response;
    await response.body?.cancel();
    throw refused(response, repository, endpoint, token !== undefined);
  };
}

export function cancelled(cause: unknown): DownloadError {
  return new DownloadError(
    'cancelled',
    'the download was stopped; what has come so far is kept, and the next one goes on from there',
    { cause },
  );
}

export function unreachable(endpoint: string, error: unknown): DownloadError {
  const { cause, message } = error as Error;
  const why = cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : '';
  return new DownloadError(
    'network',
    `${endpoint} cannot be reached (${why || message}). Try again with a network; what is in the cache is used without one`,
    { cause: error },
  );
}

function refused(
  { status, headers }: Response,
  { kind, name, revision }: CachedRepository,
  endpoint: string,
  hasToken: boolean,
): DownloadError {
  const page = `${endpoint}/${kind === 'dataset' ? 'datasets/' : ''}${name}`;
  const code = headers.get('X-Error-Code');
  if (code === 'GatedRepo') {
    return new DownloadError(
      'forbidden',
      hasToken
        ? `${name} is gated and your token may not read it: ask for access on ${page}`
        : `${name} is gated: ask for access on ${page}, then set HF_TOKEN to a token of yours or run \`hf auth login\``,
    );
  }
  if (code === 'RevisionNotFound') {
    return new DownloadError('missing', `${name} has no revision "${revision}"; see ${page}`);
  }
  // To those who may not know, the hub does not tell a private repository from none.
  if (status === 401 || status === 403 || status === 404) {
    return new DownloadError(
      status === 404 ? 'missing' : 'forbidden',
      `there is no ${kind} ${name} on ${endpoint}, or it is not yours to read: check the name${hasToken ? ' and the token in HF_TOKEN' : '; if it is private, set HF_TOKEN to a token of yours or run `hf auth login`'}`,
    );
  }
  return new DownloadError(
    'network',
    `${endpoint} answers with ${status}${status === 429 ? ', too many requests: wait a while' : ': try again later'}`,
  );
}
