import type { Group } from '../../data/grouping.ts';
import type { OnProgress } from '../../nn/module/onProgress.ts';
import type { ParameterSink } from '../../nn/module/parameter.ts';
import type { Dropout } from '../../nn/module/pass.ts';
import type { Validation } from '../objective/objective.ts';

/** What a network learns of texts: how the losses of groups come about, and how good it is. */
export interface Learner {
  /** One way through the network and back. @returns mean loss of each group */
  gradients(
    groups: readonly Group[],
    dropout: Dropout,
    sink: ParameterSink,
  ): Promise<readonly number[]>;
  validate(onProgress: OnProgress): Promise<Validation>;
}
