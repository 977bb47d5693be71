import type { Device } from '../../backends/device.ts';
import type { Data } from '../../data/dataset.ts';
import type { DataFiles } from '../../data/files.ts';
import type { Group } from '../../data/grouping.ts';
import type { GradientSource } from '../../nn/module/gradientSource.ts';
import type { Model } from '../../nn/module/model.ts';
import type { OnProgress } from '../../nn/module/onProgress.ts';
import type { Seed, Sources } from '../../runs/manifest.ts';

/** A network, its data and its loss together: what a run minimises. */
export interface Objective {
  readonly model: Model;
  /**
   * What the groups' gradients come from, at the parameters as they are.
   *
   * @param step 1-based
   */
  gradients(groups: readonly Group[], step: number): GradientSource;
  /** Told of every batch, and of every token that is generated; where there is too little memory it may begin again. */
  validate(onProgress: OnProgress): Promise<Validation>;
  dispose(): void;
}

export interface Validation {
  readonly metrics: Readonly<Record<string, number>>;
  /** Lines of predictions.jsonl: one for each validation example, in the order of the file. */
  readonly predictions: () => readonly object[];
}

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
