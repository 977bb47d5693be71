import type { Config } from '../../experiment/config.ts';
import type { TextData } from '../data/dataset.ts';
import type { Device } from '../devices/device.ts';
import type { Checkpoint } from './checkpoint.ts';

/** What a run on texts is made of. */
export interface TextSetting {
  readonly config: Config;
  readonly checkpoint: Checkpoint;
  readonly data: TextData;
  readonly device: Device;
}
