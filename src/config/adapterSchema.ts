/** The section `model.adapter` of a config: the kinds of adapters, of which a config names one. */
import * as z from 'zod';
import { whole } from './numberSchema.ts';

const lessThanOne = () => z.number().min(0).lt(1);

const layerNames = () =>
  z.array(z.string().min(1).meta({ title: 'the name of a linear layer' })).min(1);

const lora = z.strictObject({
  rank: whole(1).default(8).describe('Rank of the two matrices trained per layer.'),
  alpha: z
    .number()
    .positive()
    .default(16)
    .describe('The adapter’s output is scaled by alpha / rank.'),
  dropout: lessThanOne()
    .default(0)
    .describe('Dropout rate on the adapter’s input during training.'),
  targets: layerNames()
    .optional()
    .describe(
      'Names of the linear layers that get an adapter in every block, such as `[query, value]` for BERT or `[q_proj, v_proj]` for Llama. Default: the usual ones of the architecture.',
    ),
});

const adalora = z.strictObject({
  rank: whole(2).default(12).describe('Rank of the two matrices trained per layer, at first.'),
  targetRank: whole(1)
    .default(8)
    .describe('Mean rank over the layers at the end; less than `rank`.'),
  alpha: lora.shape.alpha,
  dropout: lora.shape.dropout,
  targets: layerNames()
    .optional()
    .describe(
      'Names of the linear layers that get an adapter in every block. Default: all of a block, where peft knows the architecture.',
    ),
  warmup: lessThanOne().default(0.1).describe('Share of the steps before ranks begin to fall.'),
  fixed: lessThanOne()
    .default(0.5)
    .describe('Share of the steps, the last ones, in which each layer’s rank stays as it is.'),
  orthogonality: z
    .number()
    .min(0)
    .default(0.5)
    .describe(
      'Weight of the regularization that keeps the columns of the matrices orthogonal. Its gradient is added to the aggregated one.',
    ),
});

const ia3 = z.strictObject({
  targets: layerNames()
    .optional()
    .describe(
      'Names of the linear layers whose outputs are scaled. Default: keys, values and the second feed-forward layer, where peft knows the architecture.',
    ),
  feedforward: z
    .array(z.string().min(1).meta({ title: 'the name of a linear layer' }))
    .optional()
    .describe(
      'Those of `targets` whose inputs are scaled instead. Default: the second feed-forward layer; with `targets`, none.',
    ),
});

const promptTuning = z.strictObject({
  tokens: whole(1)
    .default(20)
    .describe('Number of tokens before each text; so many fewer positions are left for the text.'),
});

export const adapter = z.strictObject({
  lora: lora.optional().describe('Low-rank adaptation (Hu et al. 2021).'),
  dora: lora
    .optional()
    .describe(
      'Weight-decomposed low-rank adaptation (Liu et al. 2024): LoRA, and the length of each row of the weights. With `device: torch`.',
    ),
  adalora: adalora
    .optional()
    .describe(
      'LoRA whose layers get ranks by their importance (Zhang et al. 2023). With `device: torch`.',
    ),
  ia3: ia3
    .optional()
    .describe('A factor for each output of some layers (Liu et al. 2022). With `device: torch`.'),
  promptTuning: promptTuning
    .optional()
    .describe(
      'Embeddings of tokens before each text (Lester et al. 2021), first those of tokens drawn from the vocabulary. With `device: torch`, for texts.',
    ),
});

export const adapterKinds = adapter.keyof().options;
