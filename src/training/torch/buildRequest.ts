import type { RequestOf } from '../../backends/torch/messages.ts';
import {
  ascentOf,
  averagingOf,
  headStepsOf,
  mixingOf,
  noiseOf,
  stabilityOf,
} from '../../config/techniques/registry.ts';
import type { Data } from '../../data/dataset.ts';
import { defaultTargets } from '../../nn/parameters/source.ts';
import type { LearnerOptions } from '../learner.ts';
import { trainingLoss } from '../objective/lossShape.ts';
import { savedHead } from '../text/savedHead.ts';
import type { DescribedCheckpoint } from './torchCheckpoint.ts';

/** What depends on the kind of examples. */
type Kind = Pick<RequestOf<'build'>, 'inputs' | 'padId' | 'endIds'>;

/** What the child is to build for one run. */
export function buildRequest(
  checkpoint: DescribedCheckpoint,
  { classes, train }: Pick<Data, 'classes' | 'train'>,
  { config, aggregation, seed }: LearnerOptions,
  kind: Kind,
): RequestOf<'build'> {
  const { model, task, optimizer, groups } = config;
  const { lora, dora, adalora, ia3, promptTuning } = model.adapter ?? {};
  const matrices = lora ?? dora;
  const { techniques = {} } = aggregation;
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
    lora: matrices
      ? {
          ...matrices,
          targets: matrices.targets ?? targetsOf(checkpoint),
          decomposed: dora !== undefined,
        }
      : null,
    adalora: adalora
      ? {
          ...adalora,
          targets: adalora.targets ?? null,
          steps: config.steps,
          warmup: Math.floor(adalora.warmup * config.steps),
          fixed: Math.floor(adalora.fixed * config.steps),
        }
      : null,
    ia3: ia3 ? { targets: ia3.targets ?? null, feedforward: ia3.feedforward ?? null } : null,
    promptTuning: promptTuning ?? null,
    dropout: model.dropout ?? null,
    checkpointing: model.checkpointing,
    accumulate: groups.backward === 'accumulate',
    dtype: model.dtype,
    quantize: model.quantize ?? null,
    loss: trainingLoss(aggregation, { classes, train }),
    optimizer: { name, momentum, weightDecay, beta1, beta2, epsilon },
    metric: aggregation.metric,
    guarded: aggregation.guard !== null,
    averages: averagingOf(techniques, config.steps) !== null,
    noise: noiseOf(techniques),
    mixing: mixingOf(techniques),
    headFirst: headStepsOf(techniques, config.steps) > 0,
    ascent: ascentOf(techniques),
    stability: stabilityOf(techniques),
    seed: seed.init,
  };
}

function targetsOf({ network }: DescribedCheckpoint): string[] | null {
  const known: Readonly<Record<string, readonly string[]>> = defaultTargets;
  const targets = known[network.modelType];
  return targets ? [...targets] : null;
}
