import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { hasCode } from './errno.ts';
import { runFile } from './grainFolder.ts';
import { beat } from './heartbeat.ts';

/** A process that does not touch its file for this long is dead, or as good as dead. */
const SILENCE_MS = 30_000;

/** `owner.json`: the process that a run belongs to. It touches the file every other second. */
export interface Owner {
  readonly pid: number;
  readonly host: string;
  /** ISO 8601, UTC. */
  readonly since: string;
}

/** A run has a living owner already. */
export class OwnedError extends Error {
  override readonly name = 'OwnedError';
}

export interface Ownership {
  /** Gives the run up. */
  release(): void;
}

/** Whether a living process owns the run: its file is young and, on this machine, its process is there. */
export function hasLivingOwner(folder: string): boolean {
  return isLiving(runFile(folder, 'owner'));
}

/**
 * Makes this process the owner of a run until it releases it or dies. However many try at once, one succeeds.
 * @throws OwnedError if a living process owns the run
 */
export function takeOwnership(folder: string): Ownership {
  const file = runFile(folder, 'owner');
  const owner: Owner = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
  if (!create(file, owner)) {
    if (isLiving(file)) throw owned(folder, file);
    removeDead(file);
    if (!create(file, owner)) throw owned(folder, file);
  }
  const stop = beat(file);
  return {
    release() {
      stop();
      // Another process may have taken this one for dead while it was suspended.
      const current = read(file);
      if (current?.pid === owner.pid && current.since === owner.since) rmSync(file);
    },
  };
}

/** @returns false if the file is there already; of several processes one makes it. */
function create(file: string, owner: Owner): boolean {
  try {
    writeFileSync(file, JSON.stringify(owner), { flag: 'wx' });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/**
 * Moved aside before it is deleted: should another process have taken the run in the meantime, what was moved is alive and is put
 * back.
 */
function removeDead(file: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  if (isLiving(aside)) renameSync(aside, file);
  else rmSync(aside);
}

function isLiving(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found || Date.now() - found.mtimeMs > SILENCE_MS) return false;
  const owner = read(file);
  // A young file without content is just being written.
  return owner === null || owner.host !== hostname() || isRunning(owner.pid);
}

function read(file: string): Owner | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner;
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
  const who = owner ? `process ${owner.pid} on ${owner.host}, since ${owner.since}` : 'another';
  return new OwnedError(`${path.basename(folder)} belongs to a living process: ${who}`);
}
