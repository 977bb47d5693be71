/** Checkpoints of a run: written whole or not at all, validated when they are read. */
import { mkdir, readdir, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { DiskFullError, isDiskFull } from '../config/errors.ts';
import type { Memory } from '../engine/types.ts';
import { CheckpointError, readJson, validate } from '../hub/checkpointFile.ts';
import { formatBytes } from '../runs/format.ts';
import type { AggregatorMemory } from './aggregation/aggregatedStep.ts';
import {
  type CheckpointIndex,
  findCheckpoints,
  nameOfStep,
  writeIndex,
} from './checkpointIndex.ts';
import { verifyChecksums, writeChecksums } from './checksums.ts';
import { FencedChanges } from './fencedChanges.ts';

/** `state.json`: the state of training besides the weights and the optimizer. */
export interface TrainingState {
  readonly step: number;
  /** Best validation metric so far; null before the first validation. */
  readonly bestMetric: number | null;
  readonly memory?: AggregatorMemory;
}

const memory: z.ZodType<Memory> = z.object({
  groups: z.array(z.number()),
  state: z.array(z.number()).exactOptional(),
  weights: z.array(z.number()).exactOptional(),
});
const trainingState: z.ZodType<TrainingState> = z.object({
  step: z.int().min(0),
  bestMetric: z.number().nullable(),
  memory: z.union([memory, z.record(z.string(), memory)]).exactOptional(),
});

const STATE_FILE = 'state.json';

/** What a checkpoint has besides `state.json`: the model and the optimizer's state. */
export interface CheckpointParts {
  /** Writes them into a folder; resolves when they are on disk. */
  write(folder: string): Promise<void>;
  /** Restores them in place, as after a step. @throws CheckpointError if they are damaged */
  read(folder: string, step: number): Promise<void>;
  /** Bytes of what is trained and of its optimizer's state. */
  size(): Promise<number>;
}

export interface SaveOptions {
  /** Whether this is the best checkpoint so far. */
  readonly best: boolean;
  /** Number of checkpoints kept besides the best: this one and the latest of earlier steps; at least 1. */
  readonly keep: number;
  /** Throws if what was read from model and optimizer is invalid; the existing checkpoints then stay as they are. */
  readonly check?: () => void;
  /** Called before every change to existing checkpoints; throws if the run now belongs to another process. Default: does nothing. */
  readonly assertHeld?: () => void;
}

/**
 * Writes `<folder>/step-000050/`: the model's files, the optimizer's state and state.json.
 *
 * If the process is killed at any moment, the last checkpoint is whole: the new folder gets its name when it is complete, then
 * the index is replaced atomically, and only then are folders deleted that the index no longer names. If another process takes
 * over the run at any moment, no change of this one succeeds after that.
 *
 * If it cannot be written, what was written of it is deleted again.
 *
 * @param folder `checkpoints/` of a run; created if it does not exist
 * @returns name of the new folder inside `folder`
 */
export async function saveCheckpoint(
  folder: string,
  parts: CheckpointParts,
  state: TrainingState,
  { best, keep, check, assertHeld = () => {} }: SaveOptions,
): Promise<string> {
  const save = async (changes: FencedChanges) => {
    const { index } = await findCheckpoints(folder);
    const name = unusedName(state.step, index);
    await writeParts(changes.pathOf(name), parts, state);
    check?.();
    await changes.publish(name);
    const before = index ? [index.last, ...index.earlier] : [];
    const isOtherStep = (other: string) => !`${other}-`.startsWith(`${nameOfStep(state.step)}-`);
    const updated: CheckpointIndex = {
      last: name,
      best: best ? name : (index?.best ?? null),
      earlier: before.filter(isOtherStep).slice(0, keep - 1),
    };
    await writeIndex(changes, updated);
    await changes.delete(await unlisted(folder, updated));
    await changes.deleteLeftovers();
    return name;
  };
  try {
    return await FencedChanges.make(folder, assertHeld, save);
  } catch (error) {
    throw isDiskFull(error) ? await diskFull(folder, parts, error) : error;
  }
}

/**
 * Deletes every checkpoint but the best, which becomes the last one too; as safe as {@link saveCheckpoint} at every moment. Without a
 * best one, all stay.
 *
 * @throws OwnershipLostError if the run now belongs to another process
 */
export async function keepBest(folder: string, assertHeld: () => void): Promise<void> {
  await FencedChanges.make(folder, assertHeld, async (changes) => {
    const { index } = await findCheckpoints(folder);
    const best = index?.best ?? null;
    if (best === null) return;
    const updated = { last: best, best, earlier: [] };
    await writeIndex(changes, updated);
    await changes.delete(await unlisted(folder, updated));
  });
}

async function writeParts(
  folder: string,
  parts: CheckpointParts,
  state: TrainingState,
): Promise<void> {
  await mkdir(folder);
  await parts.write(folder);
  await writeFile(path.join(folder, STATE_FILE), JSON.stringify(state), { flush: true });
  await writeChecksums(folder);
}

/** Says how much room is missing. Counts what is trained and its optimizer state, not frozen weights and small files. */
async function diskFull(
  folder: string,
  parts: CheckpointParts,
  cause: unknown,
): Promise<DiskFullError> {
  const { bavail, bsize } = await statfs(folder);
  const message = `${formatBytes(bavail * bsize)} free, a checkpoint takes at least ${formatBytes(await parts.size())}`;
  return new DiskFullError(message, { cause });
}

export interface LoadOptions {
  /** The checkpoint to begin with. The last one by default; if it cannot be used, the one before it. */
  readonly from?: 'last' | 'best';
  /** Last step of the run's log: what comes after a later checkpoint could not be logged. Default: any. */
  readonly lastStep?: number;
  /** Called before the index is changed; throws if the run now belongs to another process. Default: does nothing. */
  readonly assertHeld?: () => void;
}

/** What was restored. */
export interface LoadedCheckpoint {
  readonly state: TrainingState;
  /** Why newer checkpoints, or the index, were not used. */
  readonly damage: readonly string[];
}

/**
 * Restores a checkpoint in place. If another checkpoint than the last one is used, it becomes the last one in the index.
 *
 * @returns null if the folder contains no checkpoint
 * @throws CheckpointError naming the damaged files if no checkpoint can be used
 * @throws Error if the checkpoint's weights are not those of this model
 */
export async function loadCheckpoint(
  folder: string,
  into: CheckpointParts,
  { from = 'last', lastStep = Number.POSITIVE_INFINITY, assertHeld = () => {} }: LoadOptions = {},
): Promise<LoadedCheckpoint | null> {
  const { index, damage: indexDamage } = await findCheckpoints(folder);
  const damage = indexDamage === null ? [] : [indexDamage];
  if (!index) {
    if (damage.length > 0) throw new CheckpointError(damage.join('; '));
    return null;
  }
  if (from === 'best' && index.best === null) {
    throw new CheckpointError(`${folder} has no best checkpoint: the run was not validated yet`);
  }
  const candidates = from === 'best' ? [index.best!] : [index.last, ...index.earlier];
  for (const [i, name] of candidates.entries()) {
    const checkpoint = path.join(folder, name);
    try {
      const state = await readState(checkpoint, lastStep);
      await into.read(checkpoint, state.step);
      if (name === index.last && damage.length === 0) return { state, damage };
      const best = candidates.slice(0, i).includes(index.best!) ? null : index.best;
      const updated = { last: name, best, earlier: candidates.slice(i + 1) };
      await FencedChanges.make(folder, assertHeld, (changes) => writeIndex(changes, updated));
      // Without the best checkpoint, the next validation is the best so far.
      return { state: best === null ? { ...state, bestMetric: null } : state, damage };
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      damage.push(error.message);
    }
  }
  const isBestLeft = index.best !== null && !candidates.includes(index.best);
  throw new NoUsableCheckpoint(damage.join('; '), isBestLeft);
}

/** No checkpoint can be used, except perhaps the best. */
export class NoUsableCheckpoint extends CheckpointError {
  /** Whether the best checkpoint was not tried. */
  readonly isBestLeft: boolean;

  constructor(message: string, isBestLeft: boolean) {
    super(message);
    this.isBestLeft = isBestLeft;
  }
}

/** @throws CheckpointError if a file is damaged, or the log ends before the checkpoint */
async function readState(checkpoint: string, lastStep: number): Promise<TrainingState> {
  await verifyChecksums(checkpoint);
  const file = path.join(checkpoint, STATE_FILE);
  const state = validate(trainingState, file, await readJson(file));
  if (state.step <= lastStep) return state;
  throw new CheckpointError(
    `${checkpoint} is of step ${state.step}, but the run's log, events.jsonl, ends at step ${lastStep}: it was deleted or cut off`,
  );
}

/** A name that the index does not contain: checkpoints in the index must stay whole until the index is replaced. */
function unusedName(step: number, index: CheckpointIndex | null): string {
  const base = nameOfStep(step);
  const used = index ? [index.last, index.best, ...index.earlier] : [];
  let name = base;
  for (let copy = 2; used.includes(name); copy++) name = `${base}-${copy}`;
  return name;
}

/** Names of checkpoints that the index no longer names. */
async function unlisted(
  folder: string,
  { last, best, earlier }: CheckpointIndex,
): Promise<string[]> {
  const listed = new Set<string | null>([last, best, ...earlier]);
  const names = await readdir(folder);
  return names.filter((name) => name.startsWith('step-') && !listed.has(name));
}
