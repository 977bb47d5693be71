import { constants, copyFileSync, renameSync, rmSync } from 'node:fs';
import { hasCode } from '../config/errors.ts';
import { runFile } from './grainFolder.ts';

/**
 * Puts a copy of a run's log in its place: a process that has the log open writes to the old file from then on, which nobody reads.
 * Nothing happens if there is no log. Where the file system can, the copy shares the old file's blocks.
 */
export function replaceLog(folder: string): void {
  const log = runFile(folder, 'events');
  const copy = `${log}.${process.pid}`;
  try {
    copyFileSync(log, copy, constants.COPYFILE_FICLONE);
    renameSync(copy, log);
  } catch (error) {
    rmSync(copy, { force: true });
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}
