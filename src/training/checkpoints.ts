import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Model } from '../nn/module/model.ts';
import type { AggregatorMemory } from './aggregation/aggregatedStep.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import { readOptimizer, writeOptimizer } from './optimizers/state.ts';

/** What the loop remembers beside weights and optimizer; JSON, read back as it was written. */
export interface TrainerState {
  readonly step: number;
  /** Best validation metric so far; null before the first validation. */
  readonly bestMetric: number | null;
  /** The aggregator's, if it has any. */
  readonly memory?: AggregatorMemory;
}

/** `checkpoints/index.json`: names of folders beside it. */
interface Index {
  readonly last: string;
  readonly best: string | null;
  /** Those kept from before the last, the newest first. */
  readonly earlier?: readonly string[];
}

const INDEX_FILE = 'index.json';
const STATE_FILE = 'state.json';
const UNFINISHED = '.unfinished-';

/**
 * Writes `<folder>/step-000050/`: the model's files, the optimizer's memory and state.json.
 *
 * A process killed at any moment leaves a whole last checkpoint: the new folder gets its name when it is complete, then the
 * index is replaced in one move, and only then are the folders nothing points to deleted.
 * @param folder `checkpoints/` of a run; made when it is not there.
 * @param best whether this is also the best one so far.
 * @param keep how many are kept beside the best: this one and those last saved of other steps before it; at least 1.
 * @param check throws where what was read of model and optimizer cannot be trusted; the checkpoints are then as they were.
 * @returns name of the new folder inside `folder`.
 */
export async function saveCheckpoint(
  folder: string,
  content: { readonly model: Model; readonly optimizer: Optimizer; readonly state: TrainerState },
  {
    best,
    keep,
    check,
  }: { readonly best: boolean; readonly keep: number; readonly check?: () => void },
): Promise<string> {
  const index = await readIndex(folder);
  const name = freeName(content.state.step, index);
  const unfinished = path.join(folder, UNFINISHED + name);
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await content.model.save(unfinished);
  await writeOptimizer(unfinished, await content.optimizer.state());
  await writeFile(path.join(unfinished, STATE_FILE), JSON.stringify(content.state), {
    flush: true,
  });
  check?.();

  await rm(path.join(folder, name), { recursive: true, force: true });
  await rename(unfinished, path.join(folder, name));
  const before = index ? [index.last, ...(index.earlier ?? [])] : [];
  const isOther = (other: string) => !`${other}-`.startsWith(`${baseName(content.state.step)}-`);
  const earlier = before.filter(isOther).slice(0, keep - 1);
  const updated: Index = { last: name, best: best ? name : (index?.best ?? null), earlier };
  await writeFileAtomic(path.join(folder, INDEX_FILE), JSON.stringify(updated));
  await deleteSuperseded(folder, updated);
  return name;
}

/**
 * Restores model and optimizer in place.
 * @param which `best`: the last when none was marked best.
 * @returns the state saved with it, or null when the folder holds no checkpoint.
 * @throws when the checkpoint's weights are not those of this model.
 */
export async function loadCheckpoint(
  folder: string,
  into: { readonly model: Model; readonly optimizer?: Optimizer },
  which: 'last' | 'best',
): Promise<TrainerState | null> {
  const index = await readIndex(folder);
  if (!index) return null;
  const checkpoint = path.join(folder, index[which] ?? index.last);
  await into.model.load(checkpoint);
  into.optimizer?.restore(await readOptimizer(checkpoint));
  return JSON.parse(await readFile(path.join(checkpoint, STATE_FILE), 'utf8'));
}

async function readIndex(folder: string): Promise<Index | null> {
  try {
    return JSON.parse(await readFile(path.join(folder, INDEX_FILE), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function baseName(step: number): string {
  return `step-${String(step).padStart(6, '0')}`;
}

/** A name that the index does not point to: what it points to must stay whole until the index moves on. */
function freeName(step: number, index: Index | null): string {
  const base = baseName(step);
  const taken = [index?.last, index?.best, ...(index?.earlier ?? [])];
  let name = base;
  for (let copy = 2; taken.includes(name); copy++) name = `${base}-${copy}`;
  return name;
}

async function deleteSuperseded(
  folder: string,
  { last, best, earlier = [] }: Index,
): Promise<void> {
  const kept = new Set<string | null>([last, best, ...earlier, INDEX_FILE]);
  for (const name of await readdir(folder)) {
    const ours = name.startsWith('step-') || name.startsWith(UNFINISHED);
    if (ours && !kept.has(name)) await rm(path.join(folder, name), { recursive: true });
  }
}
