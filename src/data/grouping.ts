import { keyedRandom } from '../engine/keyedRandom.ts';
import { shuffle } from '../engine/seededRandom.ts';
import type { Data, Labels } from './dataset.ts';

/** One group's share of a batch. */
export interface Group {
  /** Index into `Grouping.names`. */
  readonly index: number;
  /** Indices of its examples in the training set; at least one. */
  readonly examples: Int32Array;
}

/** Where each group starts when the groups' examples are concatenated, then their total; length k + 1. */
export function groupBounds(groups: readonly Group[]): number[] {
  const bounds = [0];
  for (const { examples } of groups) bounds.push(bounds.at(-1)! + examples.length);
  return bounds;
}

/** Splits the batch of a step into groups; each group's gradient counts as one in the aggregation. */
export interface Grouping {
  readonly names: readonly string[];
  /** Training examples in each group; absent where a group has other examples in each step. */
  readonly examples?: readonly number[];
  /**
   * Each example of the batch goes to exactly one group. Groups without examples are left out; the rest keep the order of `names`.
   * @param step 1-based
   */
  split(step: number, batch: Int32Array): Group[];
}

/** The `groups` part of a config. */
export interface GroupsConfig {
  /** microbatch, random, label, length or column:<name>. */
  readonly by: string;
  /** Number of groups that a batch is split into; unused for `label` and `column:<name>`. */
  readonly count: number;
}

/** @param seed the run's, which decides `random` groups too */
export function buildGrouping({ by, count }: GroupsConfig, data: Data, seed: number): Grouping {
  switch (by) {
    case 'microbatch':
      return microbatchGroups(count);
    case 'random':
      return randomGroups(count, seed);
    case 'label':
      return valueGroups({ names: data.classes, indices: Int32Array.from(data.train.targets) });
    case 'length':
      if (!data.train.lengths) throw new Error('groups by length need examples that are texts');
      return lengthGroups(count, data.train.lengths);
    default:
      if (data.column === null) throw new Error(`groups by ${by}, but no column was read`);
      return valueGroups(data.column);
  }
}

/** The k consecutive micro-batches that gradient accumulation would sum in one optimizer step. */
export function microbatchGroups(count: number): Grouping {
  return { names: numberedNames(count), split: (_step, batch) => slices(batch, count) };
}

/** A fresh random partition of each batch, decided by (seed, step). */
export function randomGroups(count: number, seed: number): Grouping {
  return {
    names: numberedNames(count),
    split: (step, batch) =>
      slices(shuffle(batch.slice(), keyedRandom('groups', seed, step)), count),
  };
}

/**
 * Slices of the batch sorted by length, the shortest examples in the first group.
 * @param lengths tokens of each example of the training set
 */
export function lengthGroups(count: number, lengths: Int32Array): Grouping {
  return {
    names: numberedNames(count),
    split: (_step, batch) => {
      const sorted = batch.slice().sort((a, b) => lengths[a]! - lengths[b]!);
      return slices(sorted, count);
    },
  };
}

/** One group per value (a class, an entry of a column) present in the batch. */
export function valueGroups({ names, indices }: Labels): Grouping {
  const examples = names.map(() => 0);
  for (const index of indices) examples[index]!++;
  return {
    names,
    examples,
    split: (_step, batch) => {
      const members: number[][] = names.map(() => []);
      for (const example of batch) members[indices[example]!]!.push(example);
      return members.flatMap((examples, index) =>
        examples.length > 0 ? [{ index, examples: Int32Array.from(examples) }] : [],
      );
    },
  };
}

/** #1 … #count. */
function numberedNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `#${i + 1}`);
}

/** Cuts a batch into `count` consecutive slices; sizes differ by at most one, the larger ones first. */
function slices(batch: Int32Array, count: number): Group[] {
  const size = Math.floor(batch.length / count);
  const larger = batch.length % count;
  return Array.from({ length: count }, (_, index) => {
    const start = index * size + Math.min(index, larger);
    return { index, examples: batch.subarray(start, start + size + (index < larger ? 1 : 0)) };
  });
}
