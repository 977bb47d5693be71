/** Fetches a package from npm's registry without npm: an archive whose hash is known, unpacked by the system's tar. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { run, type SetupOptions } from './installer.ts';
import { onPath } from './interpreter.ts';
import { asSetupError, SetupError } from './setupFailure.ts';

/** A package that needs no other. */
export interface RegistryPackage {
  readonly name: string;
  readonly version: string;
  /** As package-lock.json has it. */
  readonly integrity: string;
}

const PUBLIC = 'https://registry.npmjs.org';
const ARCHIVE = 'package.tgz';
/** Bytes from one line about the download to the next. */
const REPORTED = 10e6;

/**
 * Puts a package into a folder's `node_modules`, in the place of another version. If that fails or is cancelled, what was there stays.
 * The registry is that of `NPM_CONFIG_REGISTRY`, by default the public one.
 * @throws SetupError
 */
export async function fetchPackage(
  wanted: RegistryPackage,
  folder: string,
  options: SetupOptions = {},
): Promise<void> {
  const modules = path.join(folder, 'node_modules');
  if (onPath(['tar'], options.env ?? process.env).length === 0) {
    throw new SetupError('unknown', ['tar is not on the PATH. Install it, and try again']);
  }
  let work: string | undefined;
  try {
    await mkdir(modules, { recursive: true });
    work = await mkdtemp(path.join(modules, `.${wanted.name}-`));
    await download(wanted, path.join(work, ARCHIVE), options);
    await run('tar', ['-xzf', ARCHIVE], { ...options, cwd: work });
    const place = path.join(modules, wanted.name);
    await rm(place, { recursive: true, force: true });
    await rename(path.join(work, 'package'), place);
  } catch (error) {
    if (options.signal?.aborted) throw new SetupError('cancelled');
    throw asSetupError(error);
  } finally {
    if (work !== undefined) await rm(work, { recursive: true, force: true });
  }
}

async function download(
  { name, version, integrity }: RegistryPackage,
  file: string,
  { env = process.env, signal, onLine }: SetupOptions,
): Promise<void> {
  const registry = env.NPM_CONFIG_REGISTRY || env.npm_config_registry || PUBLIC;
  const url = `${registry.replace(/\/+$/, '')}/${name}/-/${name}-${version}.tgz`;
  onLine?.(`Downloading ${url}`);
  const response = await fetch(url, signal ? { signal } : {});
  if (!response.ok || !response.body) {
    throw new SetupError('unknown', [`${url} answered ${response.status}`]);
  }
  const hash = createHash('sha512');
  let received = 0;
  async function* hashed(chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      const before = received;
      received += chunk.length;
      if (Math.floor(before / REPORTED) < Math.floor(received / REPORTED)) {
        onLine?.(`${Math.floor(received / 1e6)} MB`);
      }
      hash.update(chunk);
      yield chunk;
    }
  }
  await pipeline(Readable.fromWeb(response.body), hashed, createWriteStream(file));
  if (`sha512-${hash.digest('base64')}` === integrity) return;
  throw new SetupError('unknown', [`${url} is not the package that GRAIN was made with`]);
}
