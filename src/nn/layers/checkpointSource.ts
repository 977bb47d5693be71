import type { TensorReader } from './parameters.ts';
import type { Plan } from './plan.ts';

/** A checkpoint of an encoder or a decoder, and how it is to be trained. */
export interface CheckpointSource<Config> {
  readonly config: Config;
  readonly tensors: TensorReader;
  /** Of the tensors; named in errors. */
  readonly file: string;
  readonly plan: Plan;
  /** Layers are gone through a second time before the way back, for less memory. */
  readonly checkpointing: boolean;
}
