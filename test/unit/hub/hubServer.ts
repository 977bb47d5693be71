import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Repository {
  readonly kind: 'model' | 'dataset';
  commit: string;
  readonly files: Record<string, Buffer>;
  /** The only token that may read the files. */
  readonly gatedBy?: string;
}

interface SendOptions {
  readonly cut?: number | undefined;
  readonly stall?: number | undefined;
  readonly milliseconds?: number;
  readonly trickles?: boolean;
}

export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
  readonly host: 'hub' | 'store';
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const gitHash = (bytes: Buffer) =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
const isLarge = (file: string) => file.endsWith('.safetensors');

/** A local server that answers like the Hugging Face Hub; as there, large files are on another host, the store. */
export class HubServer {
  readonly repositories: Record<string, Repository> = {};
  readonly requests: ReceivedRequest[] = [];
  /** The next answers of the store are cut after these numbers of bytes. */
  readonly cuts: number[] = [];
  /** The next answers of the store stall after these numbers of bytes. */
  readonly stalls: number[] = [];
  /** Whether the store sends a byte at a time, twenty a second. */
  trickles = false;
  /** So many requests to the Hub are not answered. */
  silent = 0;
  /** Changes the bytes that the store sends. */
  alter = (bytes: Buffer) => bytes;
  /** Whether the store supports range requests. */
  ranges = true;
  /** How long the store takes to send a file. */
  milliseconds = 0;
  /** The status of every answer; 200 for normal answers. */
  status = 200;
  readonly endpoint: string;
  readonly #hub: Server;
  readonly #store: Server;

  private constructor(hub: Server, store: Server) {
    this.endpoint = addressOf(hub);
    this.#hub = hub;
    this.#store = store;
    hub.on('request', (request, response) => {
      this.#note(request, 'hub');
      if (this.silent > 0) this.silent--;
      else this.#answer(request, response);
    });
    store.on('request', (request, response) => {
      this.#note(request, 'store');
      const file = this.#files().find((bytes) => request.url === `/${sha256(bytes)}`)!;
      const { milliseconds, trickles } = this;
      const cut = this.cuts.shift();
      const stall = this.stalls.shift();
      this.#send(request, response, this.alter(file), { cut, stall, milliseconds, trickles });
    });
  }

  static async start(): Promise<HubServer> {
    const servers = [createServer(), createServer()] as const;
    for (const server of servers) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    }
    return new HubServer(...servers);
  }

  /** Range headers of the requests to the store, in order. */
  get storeRanges(): (string | undefined)[] {
    return this.requests.flatMap(({ host, range }) => (host === 'store' ? [range] : []));
  }

  async stop(): Promise<void> {
    for (const server of [this.#hub, this.#store]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  #files(): Buffer[] {
    return Object.values(this.repositories).flatMap(({ files }) => Object.values(files));
  }

  #note({ method, url, headers }: IncomingMessage, host: ReceivedRequest['host']): void {
    const { range, authorization } = headers;
    this.requests.push({ method: method!, url: url!, range, authorization, host });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url!, this.endpoint);
    const api = /^\/api\/(model|dataset)s\/([^/]+\/[^/]+)\/(revision|tree)\/(.+)$/.exec(pathname);
    const resolve = /^\/(datasets\/)?([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(pathname);
    const kind = api ? api[1]! : resolve?.[1] ? 'dataset' : 'model';
    const name = (api ?? resolve)?.[2] ?? '';
    const repository = this.repositories[name];
    const revision = decodeURIComponent((api?.[4] ?? resolve?.[3])!);
    if (this.status !== 200) refuse(response, this.status);
    else if (repository?.kind !== kind) refuse(response, 401, 'RepoNotFound');
    else if (revision !== 'main' && revision !== repository.commit) {
      refuse(response, 404, 'RevisionNotFound');
    } else if (api?.[3] === 'revision') json(response, infoOf(name, repository));
    else if (api) this.#tree(response, pathname, repository, Number(searchParams.get('cursor')));
    else this.#resolve(request, response, repository, decodeURIComponent(resolve![4]!));
  }

  #resolve(
    request: IncomingMessage,
    response: ServerResponse,
    { commit, files, gatedBy }: Repository,
    file: string,
  ): void {
    const { authorization } = request.headers;
    const bytes = files[file];
    response.setHeader('X-Repo-Commit', commit);
    if (gatedBy && authorization !== `Bearer ${gatedBy}`) {
      refuse(response, authorization ? 403 : 401, 'GatedRepo');
    } else if (!bytes) {
      refuse(response, 404, 'EntryNotFound');
    } else if (isLarge(file)) {
      response.setHeader('X-Linked-Size', bytes.length);
      response.setHeader('X-Linked-ETag', `"${sha256(bytes)}"`);
      const location = `${addressOf(this.#store)}/${sha256(bytes)}`;
      response.writeHead(302, { Location: location }).end();
    } else {
      response.setHeader('ETag', `"${gitHash(bytes)}"`);
      this.#send(request, response, bytes);
    }
  }

  /** Two entries per page. */
  #tree(response: ServerResponse, pathname: string, { files }: Repository, from: number): void {
    const entries = Object.entries(files).map(([path, bytes]) => ({
      type: 'file',
      path,
      oid: gitHash(bytes),
      size: bytes.length,
      ...(isLarge(path) && { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 130 } }),
    }));
    if (from + 2 < entries.length) {
      const next = `${this.endpoint}${pathname}?recursive=true&cursor=${from + 2}`;
      response.setHeader('Link', `<${next}>; rel="next"`);
    }
    json(response, entries.slice(from, from + 2));
  }

  #send(
    { method, headers }: IncomingMessage,
    response: ServerResponse,
    bytes: Buffer,
    { cut, stall, milliseconds = 0, trickles = false }: SendOptions = {},
  ): void {
    const from = this.ranges ? /^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] : undefined;
    const part = bytes.subarray(Number(from ?? 0));
    response.setHeader('Content-Length', part.length);
    if (from !== undefined) {
      response.statusCode = 206;
      response.setHeader('Content-Range', `bytes ${from}-${bytes.length - 1}/${bytes.length}`);
    }
    if (method === 'HEAD') response.end();
    else if (trickles) void this.#trickle(response, part);
    else if (milliseconds > 0) void this.#sendSlowly(response, part, milliseconds);
    else if (stall !== undefined) response.write(part.subarray(0, stall));
    else if (cut === undefined) response.end(part);
    else response.write(part.subarray(0, cut), () => response.destroy());
  }

  async #trickle(response: ServerResponse, bytes: Buffer) {
    for (let at = 0; at < bytes.length && !response.destroyed; at++) {
      response.write(bytes.subarray(at, at + 1));
      await sleep(50);
    }
  }

  /** In a hundred chunks. */
  async #sendSlowly(response: ServerResponse, bytes: Buffer, milliseconds: number) {
    const piece = Math.ceil(bytes.length / 100);
    for (let at = 0; at < bytes.length && !response.destroyed; at += piece) {
      response.write(bytes.subarray(at, at + piece));
      await sleep(milliseconds / 100);
    }
    response.end();
  }
}

function infoOf(id: string, { commit, files }: Repository): object {
  const siblings = Object.keys(files).map((rfilename) => ({ rfilename }));
  const more = { private: false, gated: false, downloads: 1, likes: 1, tags: [] };
  return { _id: '1', id, sha: commit, lastModified: '2024-01-01T00:00:00.000Z', siblings, ...more };
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function json(response: ServerResponse, value: unknown): void {
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(value));
}

function refuse(response: ServerResponse, status: number, code?: string): void {
  if (code) response.setHeader('X-Error-Code', code);
  response.writeHead(status).end('no');
}
