import type { Device } from '../../backends/device.ts';
import type { Data } from '../../data/dataset.ts';
import type { DataFiles } from '../../data/files.ts';
import type { Group } from '../../data/grouping.ts';
import type { GradientSource } from '../../nn/module/gradientSource.ts';
import type { Model } from '../../nn/module/model.ts';
import type { OnProgress } from '../../nn/module/progress.ts';
import type { SpreadFacts } from '../../runs/events.ts';
import type { Loading } from '../../runs/loading.ts';
import type { Seed, Sources } from '../../runs/manifest.ts';
import type { Prediction } from '../../runs/predictions.ts';

/** What one run minimizes: the loss of a network on its data. */
export interface Objective {
  readonly model: Model;
  /**
   * The groups' gradients at the current parameters.
   *
   * @param step 1-based
   */
  gradients(groups: readonly Group[], step: number): GradientSource;
  /** @param onProgress called after every batch and every generated token; may start again at 0 if a batch does not fit into memory */
  validate(onProgress: OnProgress): Promise<Validation>;
  dispose(): void;
}

export interface Validation {
  readonly metrics: Readonly<Record<string, number>>;
  /** Null where no predictions were made. */
  readonly spread: SpreadFacts | null;
  /** Lines of predictions.jsonl: one for each validation example, in the order of the file. */
  readonly predictions: () => readonly Prediction[];
}

/** A saved model that runs start from. */
export interface SavedModel {
  readonly folder: string;
  /** Names of the files that the model consists of; other files in its folder do not matter. */
  files(): Promise<readonly string[]>;
}

/** What the runs of a config train: model, data and objective. */
export interface TrainingTask {
  readonly data: Data;
  /** The files that the data were read from. */
  readonly files: DataFiles;
  /** The model that all runs start from; null if they start from scratch. */
  readonly model: SavedModel | null;
  /** What was downloaded from the Hub. */
  readonly sources: Sources;
  /** Messages for the user, before the first step. */
  readonly warnings: readonly string[];
  /** Downloads what was not needed to judge config and data: weights. @throws ConfigError */
  readonly download?: (onLoading: (loading: Loading) => void) => Promise<void>;
  /**
   * The objective of one run, before its first step.
   *
   * @throws ModelError if model and data do not fit together
   */
  objective(device: Device, seed: Seed): Promise<Objective>;
}
