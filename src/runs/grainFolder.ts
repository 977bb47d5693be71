/** Every path inside `.grain`, the folder that holds the runs of a project. */
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hasCode, messageOf } from '../config/errors.ts';

const NAME = '.grain';

const runFiles = {
  /** What was asked for and what it was run on. */
  manifest: 'run.json',
  /** The log: one event a line. */
  events: 'events.jsonl',
  /** A folder: what readers of the log would otherwise compute from it. */
  index: 'index',
  /** The process that the run belongs to. */
  owner: 'owner.json',
  /** Exists once the run was asked to stop. */
  stop: 'stop',
  /** What a person has noted about the run. */
  notes: 'notes.json',
  /** The log for people. */
  output: 'output.log',
  /** The validation examples with what the final model predicts for them. */
  predictions: 'predictions.jsonl',
  /** What averages of runs that begin with this one came to. */
  soup: 'soup.json',
  /** A folder, with a folder for each checkpoint. */
  checkpoints: 'checkpoints',
} as const;

/** Glob, relative to the folder that holds `.grain`, of what changes when a run appears, logs something or is deleted. */
export const RUNS_GLOB = `${NAME}/runs/{*,*/${runFiles.manifest},*/${runFiles.events},*/${runFiles.notes},*/${runFiles.soup}}`;

/** @param folder of a run */
export function runFile(folder: string, file: keyof typeof runFiles): string {
  return path.join(folder, runFiles[file]);
}

/** @param root folder that holds `.grain` */
export function runsFolder(root: string): string {
  return path.join(root, NAME, 'runs');
}

/** The folder that holds `.grain`. @param folder of a run */
export function rootOf(folder: string): string {
  return path.resolve(folder, '../../..');
}

/** What detached processes print goes here. @param root folder that holds `.grain` */
export function launchesFolder(root: string): string {
  return path.join(root, NAME, 'launches');
}

/**
 * Creates `.grain` with a `.gitignore` for all of it: runs are large and belong to one machine. An existing `.gitignore` is left
 * alone.
 */
export function createGrainFolder(root: string): void {
  const folder = path.join(root, NAME);
  if (statSync(root, { throwIfNoEntry: false })?.isFile()) {
    throw new Error(`${root} is a file. Expected a folder for runs: choose another with --out.`);
  }
  if (statSync(folder, { throwIfNoEntry: false })?.isFile()) {
    throw new Error(
      `${folder} is a file. Expected the folder that holds runs: move the file away.`,
    );
  }
  try {
    mkdirSync(root, { recursive: true });
    // Not recursively, which would report a read-only file system as a missing folder.
    mkdirSync(folder);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) {
      throw new Error(
        `${messageOf(error)}. Runs need a folder that can be written: choose one with --out.`,
        { cause: error },
      );
    }
  }
  try {
    writeFileSync(path.join(folder, '.gitignore'), '*\n', { flag: 'wx' });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
}

/** The nearest folder that holds `.grain`, from `folder` upwards; `folder` itself if none does. */
export function nearestRoot(folder: string): string {
  for (let at = folder; ; at = path.dirname(at)) {
    if (existsSync(path.join(at, NAME))) return at;
    if (at === path.dirname(at)) return folder;
  }
}
