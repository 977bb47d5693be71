import type { Seed } from '../runs/manifest.ts';
import type { Data } from './data/dataset.ts';
import type { Device } from './devices/device.ts';
import type { Objective } from './objective.ts';

/** What the runs of a config train, and on what. */
export interface Subject {
  readonly data: Data;
  /** Of the saved model that all runs start from; null without one. */
  readonly modelFolder: string | null;
  /** What a user should know before the first step. */
  readonly warnings: readonly string[];
  /**
   * What one run minimises, before its first step.
   *
   * @throws ModelError where model and data do not go together
   */
  objective(device: Device, seed: Seed): Promise<Objective>;
}
