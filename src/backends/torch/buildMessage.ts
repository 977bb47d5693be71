/** The request `build` to the Python child; python/grain_backend/build.py is the other side. */
import * as z from 'zod';
import type { Ascent, LossShape, Stability } from '../../config/techniques/description.ts';

const optimizer = z.object({
  name: z.enum(['adamw', 'sgd']),
  momentum: z.number(),
  weightDecay: z.number(),
  beta1: z.number(),
  beta2: z.number(),
  epsilon: z.number(),
});

const lora = z.object({
  /** Whether each column's length is trained too: DoRA. */
  decomposed: z.boolean(),
  rank: z.number(),
  alpha: z.number(),
  dropout: z.number(),
  /** Null: peft's default of the architecture. */
  targets: z.array(z.string()).nullable(),
});

/** LoRA whose ranks fall, from `rank` to a mean of `targetRank`. */
const adalora = z.object({
  rank: z.number(),
  targetRank: z.number(),
  alpha: z.number(),
  dropout: z.number(),
  targets: z.array(z.string()).nullable(),
  /** Steps in all; those before ranks fall; and the last ones, in which they stay. */
  steps: z.number(),
  warmup: z.number(),
  fixed: z.number(),
  /** Weight of the regularization. */
  orthogonality: z.number(),
});

const lossShape = z.object({
  smoothing: z.number(),
  weights: z.array(z.number()).readonly().nullable(),
  margins: z.array(z.number()).readonly().nullable(),
  scale: z.number(),
  focus: z.number(),
  regions: z.number().nullable(),
  kept: z.number(),
  tilt: z.number(),
  agreement: z.number().nullable(),
}) satisfies z.ZodType<LossShape>;

const ascent = z.object({
  radius: z.number(),
  eta: z.number().nullable(),
  /** Null: uphill from the parameters themselves. */
  neighborhood: z.object({ samples: z.number(), noise: z.number(), tilt: z.number() }).nullable(),
}) satisfies z.ZodType<Ascent>;

const stability = z.object({
  layer: z.number(),
  noise: z.number(),
  weight: z.number(),
}) satisfies z.ZodType<Stability>;

/** A model, and how it is trained. */
export const build = z.object({
  folder: z.string(),
  /** Hub id or folder that an adapter's config names, and its commit. */
  base: z.string(),
  revision: z.string().nullable(),
  inputs: z.enum(['texts', 'images']),
  task: z.enum(['classification', 'regression', 'generation']),
  classes: z.array(z.string()),
  /** For each trained output the saved output that it starts from; null: a new head. */
  head: z.array(z.number()).nullable(),
  padId: z.number(),
  /** Tokens that end an answer. */
  endIds: z.array(z.number()),
  freeze: z.number(),
  reinitialize: z.number(),
  /** At most one of these. */
  lora: lora.nullable(),
  adalora: adalora.nullable(),
  ia3: z
    .object({
      targets: z.array(z.string()).nullable(),
      feedforward: z.array(z.string()).nullable(),
    })
    .nullable(),
  promptTuning: z.object({ tokens: z.number() }).nullable(),
  dropout: z.number().nullable(),
  checkpointing: z.boolean(),
  accumulate: z.boolean(),
  dtype: z.enum(['float32', 'bfloat16', 'float16']),
  /** Bits of the weights that adapters are trained beside. */
  quantize: z.enum(['4bit', '8bit']).nullable(),
  optimizer,
  /** Null: the task's own. */
  loss: lossShape.nullable(),
  metric: z.enum(['euclidean', 'preconditioned']),
  /** Whether updates are corrected, and so the parameters before a step kept. */
  guarded: z.boolean(),
  /** Whether an average of the parameters is validated and saved. */
  averages: z.boolean(),
  /** Noise on pretrained tensors, relative to the spread of their values. */
  noise: z.number().nullable(),
  /** Share of the inputs of pretrained layers that keep their weights in a step; null: none. */
  mixing: z.number().nullable(),
  /** Whether training begins with the head alone, until `stage`. */
  headFirst: z.boolean(),
  /** Null: gradients are taken at the parameters. */
  ascent: ascent.nullable(),
  /** Null: losses are those of the outputs alone. */
  stability: stability.nullable(),
  seed: z.number(),
});
