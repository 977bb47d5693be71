import type { Device } from '../../backends/device.ts';
import type { Config } from '../../config/schema.ts';
import type { TextData } from '../../data/dataset.ts';
import type { Checkpoint } from './checkpoint.ts';

/** What a run on texts is made of. */
export interface TextSetting {
  readonly config: Config;
  readonly checkpoint: Checkpoint;
  readonly data: TextData;
  readonly device: Device;
}
