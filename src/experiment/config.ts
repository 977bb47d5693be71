import { z } from 'zod';
import { aggregateEntry, zeroGroups } from './aggregation.ts';

/**
 * The config, as the one definition that checking, completion in the editor and docs/config.md are made from. A `title` is how a
 * value is called where its type alone would not say enough.
 */

const whole = (least: number) => z.int().min(least);
const share = () => z.number().min(0).max(1);
const memory = () => z.number().min(0).lt(1);
const column = () => z.string().min(1).meta({ title: 'the name of a column' });
const file = () => z.string().min(1).meta({ title: 'the path of a file' });
export const MAX_SEED = 2_147_483_647;
const seed = () => z.int().min(0).max(MAX_SEED);

const model = z.strictObject({
  from: z
    .string()
    .min(1)
    .optional()
    .meta({ title: 'the path of a folder' })
    .describe(
      'Folder of a saved TensorFlow.js layers model (`model.json` and its weights; the checkpoints of a run are such folders) to start from. Without it the network is made from scratch.',
    ),
  architecture: z
    .enum(['mlp', 'cnn'])
    .optional()
    .describe(
      'What to make from scratch: `mlp`, dense layers with ReLU; `cnn`, 3×3 convolutions with ReLU, each followed by 2×2 max pooling (needs `data.image`). Without `from`: `mlp`.',
    ),
  hidden: z
    .array(whole(1))
    .optional()
    .describe(
      'Units of each hidden layer of an `mlp`; `[]` makes a linear model. An `mlp` has `[64]`.',
    ),
  filters: z
    .array(whole(1))
    .min(1)
    .optional()
    .describe('Filters of each convolution of a `cnn`. A `cnn` has `[8, 16]`.'),
  freeze: whole(0)
    .default(0)
    .describe(
      'With `from`: how many layers with parameters, counted from the input, are left untrained.',
    ),
  head: z
    .enum(['keep', 'new'])
    .optional()
    .describe(
      'With `from`: `keep` trains the last layer on; `new` replaces it by a fresh one. Without this key it is kept if it has as many outputs as the task needs.',
    ),
});

const data = z.strictObject({
  train: file().describe(
    'Examples to train on: CSV or TSV with the names of the columns in the first row, or JSONL with an object a line; told by the extension `.csv`, `.tsv`, `.jsonl`.',
  ),
  validation: file().describe('Examples to validate on, with the same columns.'),
  target: column().describe('The column to predict: a class, or a number for `task: regression`.'),
  features: z
    .array(column())
    .min(1)
    .optional()
    .describe(
      'The columns to predict from, all numbers. Without this key: all but the target and the column of `groups.by: column:<name>`.',
    ),
  image: z
    .tuple([whole(1), whole(1), whole(1)])
    .optional()
    .meta({ title: '[height, width, channels]' })
    .describe(
      'The features are the pixels of an image of this shape, row by row, the channels of a pixel together.',
    ),
  scale: z
    .number()
    .positive()
    .default(1)
    .describe('Features are divided by this; 255 brings bytes into 0…1.'),
  standardize: z
    .boolean()
    .default(false)
    .describe(
      'Shift and scale each feature to mean 0 and standard deviation 1 over the training examples.',
    ),
});

const groups = z.strictObject({
  by: z
    .union([
      z.enum(['microbatch', 'random', 'label']),
      z
        .string()
        .regex(/^column:.+$/)
        .meta({ title: 'column:<name>' }),
    ])
    .default('microbatch')
    .describe(
      'How the examples of a step are put into groups: `microbatch`, consecutive slices of the batch, as gradient accumulation makes them; `random`, a fresh random partition each step; `label`, a group per class; `column:<name>`, a group per value of a column of the training data.',
    ),
  count: whole(1)
    .default(8)
    .describe(
      'How many groups `microbatch` and `random` make of a batch; at most `batchSize`. Where it does not divide `batchSize`, sizes differ by one.',
    ),
});

const optimizer = z.strictObject({
  name: z
    .enum(['sgd', 'adamw'])
    .default('adamw')
    .describe(
      '`sgd`, gradient descent with momentum; `adamw`, Adam with bias correction and decoupled weight decay.',
    ),
  learningRate: z.number().positive().default(0.001).describe('The highest rate of the schedule.'),
  momentum: memory().default(0).describe('Of `sgd`: share of the last step that is taken again.'),
  weightDecay: z
    .number()
    .min(0)
    .default(0)
    .describe(
      'Of `adamw`: decoupled, each weight shrinks by this times the learning rate; of `sgd`: added to the gradient, times the weight.',
    ),
  beta1: memory().default(0.9).describe('Of `adamw`: memory of the mean of the gradients.'),
  beta2: memory().default(0.999).describe('Of `adamw`: memory of the mean of their squares.'),
  epsilon: z.number().positive().default(1e-8).describe('Of `adamw`: added to the denominator.'),
  warmup: share()
    .default(0)
    .describe('Fraction of the steps over which the rate rises linearly to `learningRate`.'),
  decay: z
    .enum(['none', 'linear', 'cosine'])
    .default('none')
    .describe(
      'How the rate falls after the warm-up; `linear` and `cosine` reach 0 after the last step.',
    ),
});

export const configSchema = z.strictObject({
  name: z
    .string()
    .regex(/^(?![\s.])[^\p{Cc}\\/:*?"<>|]{1,80}(?<![\s.])$/u)
    .meta({ title: 'up to 80 characters that a folder name may have' })
    .default('fine-tune')
    .describe('What the experiment is called in lists and in the names of its run folders.'),
  task: z
    .enum(['classification', 'regression'])
    .default('classification')
    .describe(
      '`classification` minimises cross-entropy and ranks checkpoints by accuracy; `regression` minimises the squared error and ranks by its root.',
    ),
  model: model.prefault({}).describe('The network.'),
  data: data.describe(
    'What it is trained and validated on. Paths are relative to the folder of the config.',
  ),
  groups: groups.prefault({}).describe('The groups whose gradients are aggregated.'),
  aggregate: z
    .array(aggregateEntry)
    .min(1)
    .default(['grain', 'mean'])
    .describe(
      'The aggregations to compare, each with every seed: names of [aggregators](aggregators.md), or [entries](#an-entry-of-aggregate) with settings.',
    ),
  optimizer: optimizer.prefault({}).describe('How the aggregated gradient becomes a step.'),
  batchSize: whole(1).default(32).describe('Examples in an optimizer step, all groups together.'),
  steps: whole(1).default(500).describe('Optimizer steps in a run.'),
  evaluateEvery: whole(1)
    .default(50)
    .describe('Steps between validations. The first and the last step are always validated.'),
  checkpointEvery: whole(1)
    .default(100)
    .describe('Steps between checkpoints. The best one so far and the last are always kept.'),
  seeds: z
    .array(
      z.union([
        seed(),
        z.strictObject({
          init: seed().describe('Seeds the initial values of new weights.'),
          order: seed().describe('Seeds the order of the examples.'),
        }),
      ]),
    )
    .min(1)
    .default([0, 1, 2, 3, 4])
    .describe(
      'A run for each seed and aggregator. A number seeds both initialisation and the order of the examples; `{ init, order }` seeds them separately.',
    ),
  device: z
    .enum(['auto', 'cuda', 'tensorflow', 'webgpu', 'wasm', 'cpu'])
    .default('auto')
    .describe('`auto` takes the fastest that works here; `grain doctor` lists them.'),
  zeroGroups: zeroGroups
    .default('drop')
    .describe(
      'When the gradient of a group is exactly zero, the shortest vector is zero too: `drop` leaves such groups out, `stop` skips the step, `error` ends the run. Aggregators that take zero gradients like any others pay no heed to it.',
    ),
});

/** A config with its defaults filled in. */
export type Config = z.infer<typeof configSchema>;
