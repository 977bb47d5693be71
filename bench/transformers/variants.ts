import { mean } from 'simple-statistics';
import { table } from '../../src/experiment/markdown.ts';
import type { Peer } from '../peers/process.ts';
import type { Answer } from './protocol.ts';
import type { Task } from './tasks.ts';
import {
  memoryRatio,
  processor,
  ratio,
  reporter,
  type Side,
  startTraining,
  type Turns,
  takeTurns,
  tensorsRatio,
  wall,
} from './turns.ts';

/** A task with several configs; each is compared with the first. */
export interface Comparison {
  readonly title: string;
  readonly task: Task;
  readonly variants: readonly Variant[];
  readonly turns: Turns;
}

export interface Variant {
  readonly title: string;
  /** Aggregator. */
  readonly aggregate: string;
  /** Groups of a batch. */
  readonly count: number;
  readonly backward?: 'accumulate';
  readonly checkpointing?: true;
  /** Replaces the default order of examples. */
  readonly batches?: 'similar-length';
  /** Without: all. */
  readonly cores?: number;
}

/** Runs comparisons one after another. @returns a table */
export async function compareVariants(comparisons: readonly Comparison[]): Promise<string> {
  const rows: (readonly string[])[] = [];
  for (const comparison of comparisons) rows.push(...(await rowsOf(comparison)));
  const head = [
    ...['training', 'variant', 'step time over the first', 'processor time'],
    ...['peak memory', 'of it tensors', 'aggregation'],
  ];
  return table([head, ...rows], 2);
}

async function rowsOf({ title, task, variants, turns }: Comparison): Promise<string[][]> {
  console.log(`${title}, ${task.data}`);
  const peers: Peer<Answer>[] = [];
  try {
    for (const variant of variants) {
      peers.push(await startTraining({ config: configOf(task, variant) }, variant.cores));
    }
    const sides = await takeTurns(peers, turns, reporter(variants.map((variant) => variant.title)));
    const first = sides[0]!;
    return sides.map((side, i) => [
      i === 0 ? `${title}, ${task.data}` : '',
      variants[i]!.title,
      ratio(side, first, wall),
      ratio(side, first, processor),
      memoryRatio(side, first),
      tensorsRatio(side, first),
      `${(100 * aggregationOf(side)).toFixed(1)} %`,
    ]);
  } finally {
    for (const peer of peers) peer.close();
  }
}

function aggregationOf({ turns }: Side): number {
  return mean(turns.map(({ aggregation = 0 }) => aggregation));
}

/** The task's config with the variant's changes. */
export function configOf({ base }: Task, variant: Variant): object {
  const { aggregate, count, backward, checkpointing, batches } = variant;
  const { model } = base as { model: object };
  return {
    ...base,
    model: { ...model, ...(checkpointing && { checkpointing }) },
    groups: { count, ...(backward && { backward }) },
    aggregate: [aggregate],
    ...(batches && { batches }),
    device: 'wasm',
  };
}
