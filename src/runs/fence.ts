/**
 * Keeps a process that lost a run from changing it, even one that was suspended between the check that the run is its own and the
 * change: the file system itself then refuses the change, or it goes where nobody reads.
 */
import { randomUUID } from 'node:crypto';
import { constants, copyFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { hasCode } from '../config/errors.ts';
import { runFile } from './grainFolder.ts';

/** Name of a folder in `checkpoints/` in which a process prepares changes, all of which are moves from or to it. */
export const CHANGES = '.changes-';

/** Called by a process that has just taken the run, before it reads what the other one left. @param folder of the run */
export function fenceOff(folder: string): void {
  replaceLog(runFile(folder, 'events'));
  revokeChanges(runFile(folder, 'checkpoints'));
  // It is made anew: what the other process still writes goes into files that are deleted, and a head of another log.
  rmSync(runFile(folder, 'index'), { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Puts a copy of the log in its place: a process that has the log open writes to the old file from then on. Nothing happens if
 * there is no log. Where the file system can, the copy shares the old file's blocks.
 */
function replaceLog(log: string): void {
  const copy = `${log}.${process.pid}`;
  try {
    copyFileSync(log, copy, constants.COPYFILE_FICLONE);
    renameSync(copy, log);
  } catch (error) {
    rmSync(copy, { force: true });
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

/** Moves the folders with prepared changes away: no move from or to them succeeds any more. */
function revokeChanges(checkpoints: string): void {
  for (const name of namesIn(checkpoints).filter((it) => it.startsWith(CHANGES))) {
    const revoked = path.join(checkpoints, `${CHANGES}revoked-${randomUUID()}`);
    renameSync(path.join(checkpoints, name), revoked);
    rmSync(revoked, { recursive: true, force: true, maxRetries: 3 });
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}
