import type { RequestOf } from '../../backends/torch/messages.ts';
import { defaultTargets } from '../../nn/parameters/source.ts';
import type { LearnerOptions } from '../learner.ts';
import { savedHead } from '../text/savedHead.ts';
import type { DescribedCheckpoint } from './torchCheckpoint.ts';

/** What depends on the kind of examples. */
type Kind = Pick<RequestOf<'build'>, 'inputs' | 'padId' | 'endIds'>;

/** What the child is to build for one run. @param classes of the data */
export function buildRequest(
  checkpoint: DescribedCheckpoint,
  classes: readonly string[],
  { config, aggregation, seed }: LearnerOptions,
  kind: Kind,
): RequestOf<'build'> {
  const { model, task, optimizer, groups } = config;
  const { lora } = model.adapter ?? {};
  const { name, momentum, weightDecay, beta1, beta2, epsilon } = optimizer;
  const head = task === 'generation' ? null : savedHead(checkpoint, config, classes).order;
  return {
    ...kind,
    folder: checkpoint.folder,
    base: checkpoint.name,
    revision: checkpoint.revision,
    task,
    classes: [...classes],
    head: head && [...head],
    freeze: model.freeze,
    reinitialize: model.reinitialize,
    lora: lora ? { ...lora, targets: lora.targets ?? targetsOf(checkpoint) } : null,
    dropout: model.dropout ?? null,
    checkpointing: model.checkpointing,
    accumulate: groups.backward === 'accumulate',
    dtype: model.dtype,
    optimizer: { name, momentum, weightDecay, beta1, beta2, epsilon },
    metric: aggregation.metric,
    guarded: aggregation.guard !== null,
    seed: seed.init,
  };
}

function targetsOf({ network }: DescribedCheckpoint): string[] | null {
  const known: Readonly<Record<string, readonly string[]>> = defaultTargets;
  const targets = known[network.modelType];
  return targets ? [...targets] : null;
}
