import type { Checkpoints } from './checkpoints.ts';
import type { MadeTokens, Setup } from './protocol.ts';

/** What is trained, here and by the peers in Python. */
export interface Training {
  readonly checkpoint: keyof Checkpoints;
  readonly generates?: boolean;
  readonly lora: boolean;
  readonly tokens: MadeTokens;
}

interface Aggregation {
  /** How many. */
  readonly groups: number;
  readonly aggregator: string;
}

/** With the hyperparameters of `peers/training.py` and `peers/torch_methods.py`. */
export function setupOf(
  { checkpoint, generates, lora, tokens }: Training,
  checkpoints: Checkpoints,
  { groups, aggregator }: Aggregation,
): Setup {
  return {
    config: {
      task: generates ? 'generation' : 'classification',
      model: {
        from: checkpoints[checkpoint],
        dropout: 0,
        ...(lora && { adapter: { lora: { rank: 8, alpha: 16 } } }),
      },
      data: { train: 'made.tsv', validation: 'made.tsv', text: 'text', target: 'target' },
      groups: { count: groups },
      aggregate: [aggregator],
      optimizer: { learningRate: 1e-4, weightDecay: 0.01 },
      batchSize: tokens.batch,
    },
    tokens,
  };
}
