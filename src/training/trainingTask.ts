import type { Data } from '../data/dataset.ts';
import type { DataFiles } from '../data/files.ts';
import type { Loading } from '../runs/loading.ts';
import type { Sources } from '../runs/manifest.ts';
import type { CreateLearner } from './learner.ts';

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
  readonly learner: CreateLearner;
}
