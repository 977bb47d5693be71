/** `run.json`: what was asked for and what it was run on. Written once, before the first event. */
import * as z from 'zod';
import type { AggregationSettings } from '../engine/types.ts';
import type { DeepReadonly } from './deepReadonly.ts';

export const FORMAT_VERSION = 1;

export const seedSchema = z.object({
  /** Seeds the initial values of new weights. */
  init: z.number(),
  /** Seeds the order in which examples are visited. */
  order: z.number(),
  /** Seeds which rows of the training file are for validation; absent where the config says it, or they have a file. */
  split: z.number().optional(),
});

/** One launch of one config: its runs differ only in aggregator, point of the grid and seed, and those of one point may be compared. */
export const experimentSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** Id of the later experiment whose learning rates its runs only tune. */
  tunes: z.string().exactOptional(),
});

export const deviceSchema = z.object({
  backend: z.string(),
  name: z.string(),
  /** Bytes of the memory for tensors: of a GPU its own; absent where it is not known. */
  memory: z.number().exactOptional(),
});

const aggregation: z.ZodType<AggregationSettings<string>> = z.object({
  /** Another trainer may have aggregators that are not in the registry. */
  name: z.string(),
  parameters: z.record(z.string(), z.number()),
  metric: z.enum(['euclidean', 'preconditioned']),
  smoothing: z.number(),
  zeroGroups: z.enum(['drop', 'stop', 'error']),
  /** Share of ‖Δ‖‖gᵢ‖ that the update Δ may cost a group; null: updates are not guarded. */
  guard: z.number().nullable(),
  /** Absent: none. */
  techniques: z.record(z.string(), z.record(z.string(), z.number())).exactOptional(),
});

/** `owner/name@commit` of what came from the Hugging Face hub, so that a resumed run loads the same. */
const sources = z.object({
  model: z.string().exactOptional(),
  data: z.string().exactOptional(),
});

const manifestSchema = z.object({
  format: z.literal(FORMAT_VERSION),
  /** Folder name under `.grain/runs`. */
  id: z.string(),
  experiment: experimentSchema,
  /** ISO 8601, UTC. */
  createdAt: z.iso.datetime({ offset: true }),
  /**
   * Label of the method, unique in its experiment: the aggregator's name, the settings that are not the default and, in a grid, those
   * of the point.
   */
  aggregator: z.string(),
  aggregation,
  seed: seedSchema,
  /** Of a grid: the values of its settings, by their paths in the config. */
  point: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).exactOptional(),
  /** Optimizer steps the run was asked to take. */
  steps: z.number(),
  task: z.string(),
  /** Names of the groups, in the order of every per-group list of the events. */
  groups: z.object({
    by: z.string(),
    names: z.array(z.string()),
    /** Training examples in each group; absent where groups are made anew in each step. */
    examples: z.array(z.number()).exactOptional(),
  }),
  /** Examples of an epoch. */
  trainExamples: z.number().exactOptional(),
  /** The validation metric that ranks checkpoints, and whether higher or lower is better. */
  metric: z.object({ name: z.string(), better: z.enum(['higher', 'lower']) }),
  /** Path of the config file, relative to the folder that holds `.grain`, with `/` separators. */
  configPath: z.string(),
  /** The resolved config, every default filled in. */
  config: z.record(z.string(), z.unknown()),
  /** Of a run that a program of the user's trains: its arguments, the program first. */
  command: z.array(z.string()).exactOptional(),
  /** SHA-256, hex, of the inputs; `code` is that of the trainer's own version. */
  fingerprints: z.record(z.string(), z.string()),
  sources,
  device: deviceSchema,
  versions: z.record(z.string(), z.string()),
  /** Of the repository that the config is in; absent outside of one. */
  git: z
    .object({
      commit: z.string(),
      /** Whether tracked files had changes that were not committed. */
      dirty: z.boolean(),
    })
    .exactOptional(),
});

export type Seed = DeepReadonly<z.infer<typeof seedSchema>>;
export type Sources = DeepReadonly<z.infer<typeof sources>>;
export type RunManifest = DeepReadonly<z.infer<typeof manifestSchema>>;

/** @returns null if the text is not a manifest of this format; any trainer may write one */
export function parseManifest(text: string): RunManifest | null {
  try {
    return manifestSchema.safeParse(JSON.parse(text.replace(/^\uFEFF/, ''))).data ?? null;
  } catch {
    return null;
  }
}

/** Training examples of an epoch; null where the manifest does not say. */
export function examplesOfEpoch({
  trainExamples,
  groups: { examples },
}: Pick<RunManifest, 'trainExamples' | 'groups'>): number | null {
  return trainExamples ?? examples?.reduce((sum, count) => sum + count, 0) ?? null;
}

/** Groups that are the same in every step, so that a weight or loss over steps is one group's; parts of a batch are not. */
export function hasLastingGroups({ groups: { by } }: { groups: { readonly by: string } }): boolean {
  return by !== 'microbatch' && by !== 'random';
}
