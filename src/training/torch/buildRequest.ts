import type { RequestOf } from '../../backends/torch/messages.ts';
import type { TextData } from '../../data/dataset.ts';
import { defaultTargets } from '../../nn/parameters/source.ts';
import type { LearnerOptions } from '../learner.ts';
import { savedHead } from '../text/savedHead.ts';
import type { TorchCheckpoint } from './torchCheckpoint.ts';

/** What the child is to build for one run. */
export function buildRequest(
  checkpoint: TorchCheckpoint,
  { classes }: Pick<TextData, 'classes'>,
  { config, aggregation, seed }: LearnerOptions,
): RequestOf<'build'> {
  const { model, task, optimizer, groups } = config;
  const { lora } = model.adapter ?? {};
  const { name, momentum, weightDecay, beta1, beta2, epsilon } = optimizer;
  const head = task === 'generation' ? null : savedHead(checkpoint, config, classes).order;
  return {
    folder: checkpoint.folder,
    base: checkpoint.name,
    revision: checkpoint.revision,
    task,
    classes: [...classes],
    head: head && [...head],
    padId: checkpoint.network.padId ?? checkpoint.padId,
    endIds: [...checkpoint.generation.endIds],
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

function targetsOf({ network }: TorchCheckpoint): string[] | null {
  const known: Readonly<Record<string, readonly string[]>> = defaultTargets;
  const targets = known[network.modelType];
  return targets ? [...targets] : null;
}
