/** Which process a run belongs to. Only that process may write to it. */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { hasCode } from '../config/errors.ts';
import { fenceOff } from './fence.ts';
import { runFile } from './grainFolder.ts';
import { BEAT_MS, beat } from './heartbeat.ts';

/** A process that has not touched its file for this long counts as dead. */
const SILENCE_MS = 30_000;
/** Long enough for a living owner to be seen touching its file. */
export const WATCH_MS = 2.5 * BEAT_MS;
/** Clocks of machines differ by less. */
const CLOCK_ERROR_MS = 24 * 3_600_000;

/** `owner.json`: the process that a run belongs to, which touches the file every other second. */
const ownerSchema = z.object({
  /** Others stand for groups of processes. */
  pid: z.int().positive(),
  host: z.string(),
  /** ISO 8601, UTC. */
  since: z.string(),
  /** Of one ownership: a process that takes the run twice has two. */
  token: z.string(),
});

type Owner = Readonly<z.infer<typeof ownerSchema>>;

/** Another live process owns the run. */
export class OwnedError extends Error {
  override readonly name = 'OwnedError';
}

/** Another process took over the run, as this one was silent for too long: suspended, or cut off from the disk. */
export class OwnershipLostError extends Error {
  override readonly name = 'OwnershipLostError';
}

export interface Ownership {
  /** Whoever knows it can take the run over: see `takeOwnership`. */
  readonly token: string;
  /**
   * Called before every change to the run. If this process is suspended between the call and the change for as long as makes it
   * count as dead, `fenceOff` keeps the change from the run.
   * @throws OwnershipLostError if the run now belongs to another process
   */
  assertHeld(): void;
  isHeld(): boolean;
  /** Lets another process own the run. */
  release(): void;
}

/**
 * Whether a live process owns the run: on this machine its process exists, and its file was touched within half a minute, by this
 * machine's clock or, as another machine's may differ, by what this process has seen since it first asked.
 */
export function hasLiveOwner(folder: string): boolean {
  return isAlive(runFile(folder, 'owner'));
}

/** Whether the owner is on another machine and looks dead by its file's time alone, so that it must be watched to know. */
export function isDoubtful(folder: string): boolean {
  const file = runFile(folder, 'owner');
  const owner = read(file);
  const touched = touchedAt(file);
  if (owner === null || touched === null || owner.host === hostname()) return false;
  return Math.abs(Date.now() - touched) < CLOCK_ERROR_MS && !isAlive(file);
}

/**
 * Makes this process the owner of a run until it releases it or dies. Of several that try at once, one succeeds. An owner that looks
 * dead by its file's time is watched for five seconds: clocks of machines differ, a heartbeat moves.
 * @param from token of the owner that hands the run over, and writes nothing to it any more
 * @throws OwnedError if a live process owns the run, another one than `from`
 */
export async function takeOwnership(folder: string, from?: string): Promise<Ownership> {
  const file = runFile(folder, 'owner');
  const owner: Owner = {
    pid: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
    token: randomUUID(),
  };
  if (from !== undefined && read(file)?.token === from) {
    replace(file, owner);
  } else if (!create(file, owner)) {
    const other = read(file);
    if (isAlive(file) || (await isTouched(file))) throw owned(folder, file);
    remove(file, other);
    if (!create(file, owner)) throw owned(folder, file);
    // The other process may only be suspended.
    fenceOff(folder);
  }
  return held(folder, file, owner);
}

function held(folder: string, file: string, { token }: Owner): Ownership {
  const stop = beat(file, token);
  return {
    token,
    isHeld: () => read(file)?.token === token,
    assertHeld() {
      const current = read(file);
      if (current?.token === token) return;
      const who = current ? `process ${current.pid} on ${current.host}` : 'another process';
      throw new OwnershipLostError(
        `${who} took over ${path.basename(folder)} while this process was suspended or could not reach its disk`,
      );
    },
    release() {
      stop();
      if (read(file)?.token === token) rmSync(file);
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
    // On a full disk it exists by now, and would keep others out.
    rmSync(file, { force: true });
    throw error;
  }
}

/** At no moment is the run without an owner. */
function replace(file: string, owner: Owner): void {
  const next = `${file}.${process.pid}`;
  writeFileSync(next, JSON.stringify(owner));
  renameSync(next, file);
}

/** Deletes an owner's file. It is renamed first: if another process has taken the run in the meantime, its file is put back. */
function remove(file: string, owner: Owner | null): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  if (read(aside)?.token === owner?.token) rmSync(aside);
  else renameSync(aside, file);
}

function isAlive(file: string): boolean {
  const touched = touchedAt(file);
  if (touched === null) return false;
  const owner = read(file);
  if (hasExited(owner)) return false;
  // A new file without content is being written right now.
  if (Math.abs(Date.now() - touched) <= SILENCE_MS) return true;
  return owner !== null && wasSeenMoving(owner, touched);
}

/** By token: when this process last saw an owner touch its file, by its own monotonic clock; null before it has seen that. */
const sightings = new Map<string, { readonly touched: number; readonly movedAt: number | null }>();

/** Whether the owner touched its file between two calls, within the last half minute. */
function wasSeenMoving({ token }: Owner, touched: number): boolean {
  const last = sightings.get(token);
  const moved = last !== undefined && touched > last.touched;
  const movedAt = moved ? performance.now() : (last?.movedAt ?? null);
  sightings.set(token, { touched, movedAt });
  return movedAt !== null && performance.now() - movedAt <= SILENCE_MS;
}

/** Watches for a heartbeat, unless the owner's process is known to have exited. */
async function isTouched(file: string): Promise<boolean> {
  const owner = read(file);
  if (hasExited(owner)) return false;
  const before = touchedAt(file);
  await sleep(WATCH_MS);
  const after = touchedAt(file);
  return after !== null && after !== before;
}

/** Milliseconds since the Unix epoch, by the clock of whoever touched it; null if the file does not exist. */
function touchedAt(file: string): number | null {
  try {
    // Network file systems ask their server for the time only when a file is opened.
    const descriptor = openSync(file, 'r');
    try {
      return fstatSync(descriptor).mtimeMs;
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

function read(file: string): Owner | null {
  try {
    return ownerSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}

/** Whether that is known: of a process on another machine it is not. */
function hasExited(owner: Owner | null): boolean {
  return owner?.host === hostname() && !isRunning(owner.pid);
}

/** Whether there is such a process on this machine. */
export function isRunning(pid: number): boolean {
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
