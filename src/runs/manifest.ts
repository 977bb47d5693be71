import type { Metric, ZeroGroupPolicy } from '../engine/types.ts';

/** `run.json`: what was asked for and what it was run on. Written once, before the first event. */

export const FORMAT_VERSION = 1;

export interface Seed {
  /** Seeds the initial values of new weights. */
  readonly init: number;
  /** Seeds the order in which examples are visited. */
  readonly order: number;
}

/** How gradients are aggregated, with nothing left open. */
export interface Aggregation {
  /** Of the aggregator. */
  readonly name: string;
  readonly parameters: Readonly<Record<string, number>>;
  readonly metric: Metric;
  /** Share of the last step's weights that is kept, 0…<1. */
  readonly smoothing: number;
  readonly zeroGroups: ZeroGroupPolicy;
}

export interface Sources {
  readonly model?: string;
  readonly data?: string;
}

export interface RunManifest {
  readonly format: typeof FORMAT_VERSION;
  /** Folder name under `.grain/runs`. */
  readonly id: string;
  /** One launch of one config: its runs differ in aggregator and seed alone and may be compared. */
  readonly experiment: { readonly id: string; readonly name: string };
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** What the aggregation is called, unique in its experiment: the name of the aggregator and what is set otherwise than usual. */
  readonly aggregator: string;
  /** Absent in runs of old, whose `aggregator` is the name alone. */
  readonly aggregation?: Aggregation;
  readonly seed: Seed;
  /** Optimizer steps the run was asked to take. */
  readonly steps: number;
  readonly task: string;
  /** Names of the groups, in the order of every per-group list of the events. */
  readonly groups: { readonly by: string; readonly names: readonly string[] };
  /** The validation metric that ranks checkpoints, and whether more of it is better. */
  readonly metric: { readonly name: string; readonly better: 'higher' | 'lower' };
  /** Path of the config file, relative to the folder that holds `.grain`, with `/` separators. */
  readonly configPath: string;
  /** The resolved config, every default filled in. */
  readonly config: Readonly<Record<string, unknown>>;
  /** SHA-256, hex, of the inputs; `code` is that of the trainer's own version. */
  readonly fingerprints: Readonly<Record<string, string>>;
  /**
   * `owner/name@commit` of what came from the Hugging Face hub, so that a run that is resumed goes on with the same. Absent in runs
   * of old, whose fingerprint of the model is of all files in its folder.
   */
  readonly sources?: Sources;
  readonly device: { readonly backend: string; readonly name: string };
  readonly versions: Readonly<Record<string, string>>;
}

/** How a run aggregates; for a run of old, by the name of its aggregator. */
export function aggregationOf({ aggregator, aggregation }: RunManifest): Aggregation {
  return (
    aggregation ?? {
      name: aggregator,
      parameters: {},
      metric: 'euclidean',
      smoothing: 0,
      zeroGroups: 'drop',
    }
  );
}
