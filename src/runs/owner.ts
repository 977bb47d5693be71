import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { hasCode } from '../config/errors.ts';
import { runFile } from './grainFolder.ts';
import { beat } from './heartbeat.ts';

/** A process that has not touched its file for this long counts as dead. */
const SILENCE_MS = 30_000;

/** `owner.json`: the process that a run belongs to. It touches the file every other second. */
const ownerSchema = z.object({
  pid: z.number(),
  host: z.string(),
  /** ISO 8601, UTC. */
  since: z.string(),
});

type Owner = Readonly<z.infer<typeof ownerSchema>>;

/** Another live process owns the run. */
export class OwnedError extends Error {
  override readonly name = 'OwnedError';
}

export interface Ownership {
  /** Lets another process own the run. */
  release(): void;
}

/** Whether a live process owns the run: its file was touched lately and, if it is of this machine, the process exists. */
export function hasLiveOwner(folder: string): boolean {
  return isAlive(runFile(folder, 'owner'));
}

/**
 * Makes this process the owner of a run until it releases it or dies. Of several that try at once, one succeeds.
 * @throws OwnedError if a live process owns the run
 */
export function takeOwnership(folder: string): Ownership {
  const file = runFile(folder, 'owner');
  const owner: Owner = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
  if (!create(file, owner)) {
    if (isAlive(file)) throw owned(folder, file);
    removeDead(file);
    if (!create(file, owner)) throw owned(folder, file);
  }
  const stop = beat(file);
  return {
    release() {
      stop();
      // Another process may have taken over while this one was suspended.
      const current = read(file);
      if (current?.pid === owner.pid && current.since === owner.since) rmSync(file);
    },
  };
}

/** @returns false if the file exists; of several processes, one creates it */
function create(file: string, owner: Owner): boolean {
  try {
    writeFileSync(file, JSON.stringify(owner), { flag: 'wx' });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Renames the file before deleting it: if another process has taken the run in the meantime, its file is put back. */
function removeDead(file: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  if (isAlive(aside)) renameSync(aside, file);
  else rmSync(aside);
}

function isAlive(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found || Date.now() - found.mtimeMs > SILENCE_MS) return false;
  const owner = read(file);
  // A new file without content is being written right now.
  return owner === null || owner.host !== hostname() || isRunning(owner.pid);
}

function read(file: string): Owner | null {
  try {
    return ownerSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

function owned(folder: string, file: string): OwnedError {
  const owner = read(file);
  const who = owner ? `process ${owner.pid} on ${owner.host}, since ${owner.since}` : 'unknown';
  return new OwnedError(`${path.basename(folder)} belongs to a live process: ${who}`);
}
