import type { Device } from '../../backends/device.ts';
import type { Data } from '../../data/dataset.ts';
import type { DataFiles } from '../../data/files.ts';
import type { Seed, Sources } from '../../runs/manifest.ts';
import type { Objective } from './objective.ts';

/** A saved model that runs start from. */
export interface SavedModel {
  readonly folder: string;
  /** Names of what makes it this model: another file in its folder makes no difference. */
  files(): Promise<readonly string[]>;
}

/** What the runs of a config train, and on what. */
export interface TrainingTask {
  readonly data: Data;
  /** What the data were read from. */
  readonly files: DataFiles;
  /** That all runs start from; null without one. */
  readonly model: SavedModel | null;
  /** What came from the hub. */
  readonly sources: Sources;
  /** What a user should know before the first step. */
  readonly warnings: readonly string[];
  /**
   * What one run minimises, before its first step.
   *
   * @throws ModelError where model and data do not go together
   */
  objective(device: Device, seed: Seed): Promise<Objective>;
}
