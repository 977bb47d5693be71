import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import writeFileAtomic from 'write-file-atomic';
import { hasCode } from '../config/errors.ts';
import type { RunAlarm } from './alarms.ts';
import type { RunFailure } from './failure.ts';
import { createGrainFolder, nearestRoot, runFile, runsFolder } from './grainFolder.ts';
import { ProgressTail } from './index/progressTail.ts';
import { parseManifest, type RunManifest } from './manifest.ts';
import { NO_NOTES, type RunNotes, readNotes } from './notes.ts';
import { hasLiveOwner, isDoubtful, WATCH_MS } from './owner.ts';
import type { Progress } from './progress.ts';
import { isActive, type RunStatus, statusOf } from './status.ts';

/** How many runs are read at once: enough to keep the disk busy, few enough to keep memory small. */
const READERS = 8;

export interface RunFolder {
  readonly id: string;
  readonly path: string;
}

/** A run as lists show it. */
export interface RunSummary {
  readonly manifest: RunManifest;
  readonly status: RunStatus;
  /** Steps taken. */
  readonly step: number;
  /** Share of a long validation that is done, 0…1; null outside of one. */
  readonly validating: number | null;
  /** The metric that ranks checkpoints, at the last validation; NaN if it was not finite. */
  readonly lastMetric: { readonly name: string; readonly value: number } | null;
  /** Its best value over all validations; null if none was finite. */
  readonly bestMetric: number | null;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number | null;
  /** Null for a run that has not ended. */
  readonly endedAt: number | null;
  /** When something was last logged; null before. */
  readonly changedAt: number | null;
  /** Null for a run that has not failed, or was resumed. */
  readonly failure: RunFailure | null;
  /** In the order in which they were raised. */
  readonly alarms: readonly RunAlarm[];
  /** How many warnings were logged, and what the last one said; null without one. */
  readonly warned: Progress['warned'];
  readonly notes: RunNotes;
  /** Path of its folder. */
  readonly folder: string;
}

/** A run as last read, and the state of its log then. */
interface Known {
  manifest: RunManifest;
  readonly tail: ProgressTail;
  /** Of the log: size and time of the last change. */
  stamp: string;
  progress: Progress;
  /** Of the notes. */
  notesStamp: string;
  notes: RunNotes;
}

/** The runs below a folder. Remembers what it has read: listing again reads only what was added. */
export class RunStore {
  readonly #root: string;
  readonly #runs: string;
  readonly #known = new Map<string, Known>();
  #unreadable: readonly string[] = [];

  /** @param root folder that holds `.grain`, or will; by default the nearest one, from the working directory upwards */
  constructor(root = nearestRoot(process.cwd())) {
    this.#root = root;
    this.#runs = runsFolder(root);
  }

  /** Creates the folder of a new run. @throws if it exists */
  create(manifest: RunManifest): RunFolder {
    return this.createAll([manifest])[0]!;
  }

  /** Replaces the manifest of a run that is there. */
  rewrite(manifest: RunManifest): void {
    writeManifest(this.open(manifest.id).path, manifest);
  }

  /**
   * Creates the folders of new runs: all of them, or none if one fails. They are written elsewhere and appear together, so that a
   * process that is killed meanwhile leaves no part of them.
   * @throws if one of them exists
   */
  createAll(manifests: readonly RunManifest[]): RunFolder[] {
    const folders = manifests.map(({ id }) => this.open(id));
    const existing = folders.find((folder) => existsSync(folder.path));
    if (existing) throw Object.assign(new Error(`EEXIST: ${existing.path}`), { code: 'EEXIST' });
    createGrainFolder(this.#root);
    mkdirSync(this.#runs, { recursive: true });
    const staged = mkdtempSync(path.join(this.#runs, '.new-'));
    const made: RunFolder[] = [];
    try {
      for (const manifest of manifests) {
        const folder = path.join(staged, manifest.id);
        mkdirSync(folder);
        writeManifest(folder, manifest);
      }
      for (const folder of folders) {
        renameSync(path.join(staged, folder.id), folder.path);
        made.push(folder);
      }
    } catch (error) {
      for (const folder of made) rmSync(folder.path, { recursive: true });
      throw error;
    } finally {
      rmSync(staged, { recursive: true, force: true });
    }
    return folders;
  }

  /** @throws RangeError if the id is not a plain folder name, as it could be a path elsewhere */
  open(id: string): RunFolder {
    if (!/^[^./\\][^/\\]*$/.test(id)) throw new RangeError(`"${id}" is not a valid run id`);
    return { id, path: path.join(this.#runs, id) };
  }

  /** All runs, by id. Folders without a readable manifest are skipped. */
  async list(): Promise<RunSummary[]> {
    const ids = await this.#ids();
    for (const id of this.#known.keys()) if (!ids.includes(id)) this.#known.delete(id);
    const summaries = new Map<string, RunSummary>();
    const queue = ids.values();
    const readers = Array.from({ length: READERS }, async () => {
      for (const id of queue) {
        const summary = await this.#summary(id).catch(nullIfNoRun);
        if (summary) summaries.set(id, summary);
      }
    });
    await Promise.all(readers);
    const others = ids.filter((id) => !summaries.has(id)).map((id) => this.open(id).path);
    this.#unreadable = others.filter(isMeantAsRun);
    return ids.flatMap((id) => summaries.get(id) ?? []);
  }

  /** Folders, seen when listing last, that hold files of a run but no manifest that can be read. */
  get unreadable(): readonly string[] {
    return this.#unreadable;
  }

  /** As `list`, for who lists once: owners on other machines that look dead by their clocks are watched for a heartbeat. */
  async listWatching(): Promise<RunSummary[]> {
    const runs = await this.list();
    const doubtful = runs.filter((run) => run.status !== 'finished' && isDoubtful(run.folder));
    if (doubtful.length === 0) return runs;
    await sleep(WATCH_MS);
    return this.list();
  }

  /** Deletes a run's folder. @throws if a live process is working on it */
  async delete(id: string): Promise<void> {
    const { path: folder } = this.open(id);
    const status = (await this.#summary(id))?.status;
    if (status && isActive(status)) {
      throw new Error(`${id} is ${status}. Stop it before deleting it.`);
    }
    await rm(folder, { recursive: true, force: true });
    this.#known.delete(id);
  }

  /** Asks the process of a run to end it as soon as it can. */
  async requestStop(id: string): Promise<void> {
    await writeFile(runFile(this.open(id).path, 'stop'), '');
  }

  async #ids(): Promise<string[]> {
    try {
      const entries = await readdir(this.#runs, { withFileTypes: true });
      return entries
        .filter(
          (entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.'),
        )
        .map(({ name }) => name)
        .sort();
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    }
  }

  async #summary(id: string): Promise<RunSummary | null> {
    const folder = this.open(id).path;
    const known = this.#known.get(id) ?? (await readKnown(id, folder));
    if (!known) return null;
    this.#known.set(id, known);
    const stamp = await stampOf(runFile(folder, 'events'));
    if (stamp !== known.stamp) {
      const { lifecycle } = known.progress;
      known.progress = await known.tail.read();
      // A run that had finished goes on only with more steps; a program may know better what it does.
      if (lifecycle === 'finished' || known.manifest.task === 'program') {
        known.manifest = (await readManifestOf(id, folder)) ?? known.manifest;
      }
    }
    known.stamp = stamp;
    const notesStamp = await stampOf(runFile(folder, 'notes'));
    if (notesStamp !== known.notesStamp) known.notes = await readNotes(folder);
    known.notesStamp = notesStamp;
    return summaryOf(known, folder);
  }
}

async function readKnown(id: string, folder: string): Promise<Known | null> {
  const manifest = await readManifestOf(id, folder);
  if (!manifest) return null;
  const tail = new ProgressTail(folder);
  return {
    ...{ manifest, tail, stamp: '', progress: await tail.read() },
    ...{ notesStamp: 'none', notes: NO_NOTES },
  };
}

function writeManifest(folder: string, manifest: RunManifest): void {
  writeFileAtomic.sync(runFile(folder, 'manifest'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Null if the file does not exist or is not a manifest of this format. */
async function readManifestOf(id: string, folder: string): Promise<RunManifest | null> {
  try {
    const manifest = parseManifest(await readFile(runFile(folder, 'manifest'), 'utf8'));
    // The folder may have been renamed: its name is where the run is found.
    return manifest && { ...manifest, id };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

/** Other folders, such as those that another tool made, are nobody's loss. */
function isMeantAsRun(folder: string): boolean {
  return existsSync(runFile(folder, 'manifest')) || existsSync(runFile(folder, 'events'));
}

/** A folder in place of a file, and the like, hide no other run. */
function nullIfNoRun(error: unknown): null {
  if (['EISDIR', 'ENOTDIR', 'EACCES', 'ELOOP'].some((code) => hasCode(error, code))) return null;
  throw error;
}

/** Changes whenever the file does. */
async function stampOf(file: string): Promise<string> {
  try {
    const { size, mtimeMs } = await stat(file);
    return `${size} ${mtimeMs}`;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 'none';
    throw error;
  }
}

function summaryOf({ manifest, progress, notes }: Known, folder: string): RunSummary {
  const { lifecycle, step, metrics, startedAt, endedAt, changedAt, failure, alarms } = progress;
  const { extremes, warned } = progress;
  const status = statusOf(lifecycle, () => hasLiveOwner(folder));
  const { name, better } = manifest.metric;
  const value = metrics[name];
  return {
    manifest,
    status,
    step,
    validating: status === 'running' ? progress.validating : null,
    lastMetric: value === undefined ? null : { name, value: value ?? Number.NaN },
    bestMetric: extremes[name]?.[better === 'higher' ? 'greatest' : 'least'] ?? null,
    startedAt,
    endedAt,
    changedAt,
    failure,
    alarms,
    warned,
    notes,
    folder,
  };
}
