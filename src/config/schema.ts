import * as z from 'zod';
import { aggregateEntry, zeroGroups } from './aggregation.ts';
import { alarmCodes } from './alarms.ts';
import { data } from './dataSchema.ts';
import { gridOf } from './grid.ts';
import { controlsSchema, tuneSchema } from './methods.ts';
import { model } from './modelSchema.ts';
import { whole } from './numberSchema.ts';
import { optimizer } from './optimizerSchema.ts';
import { metricsOf } from './ranking.ts';
import { seedsSchema } from './seeds.ts';
import { techniquesSchema } from './techniques/schema.ts';

/**
 * The config's schema. Validation, completion in the editor and docs/config.md are derived from it. A `title` describes the valid
 * values where the type alone is not enough.
 */

const groups = z.strictObject({
  by: z
    .union([
      z.enum(['microbatch', 'random', 'label', 'length']),
      z
        .string()
        .regex(/^column:.+$/)
        .meta({ title: 'column:<name>' }),
    ])
    .default('microbatch')
    .describe(
      'How the examples of a step are grouped: `microbatch`, consecutive slices of the batch, as in gradient accumulation; `random`, a new random partition each step; `label`, one group per class; `length`, slices of the batch sorted by number of tokens; `column:<name>`, one group per value of a column of the training data.',
    ),
  count: whole(1)
    .default(8)
    .describe(
      'Number of groups for `microbatch`, `random` and `length`; at most `batchSize`. If it does not divide `batchSize`, group sizes differ by one.',
    ),
  backward: z
    .enum(['grouped', 'accumulate'])
    .default('grouped')
    .describe(
      'For transformers: `grouped` computes the gradients of all groups in one backward pass over the whole batch; `accumulate` runs one pass per group. `accumulate` saves activations of one group only, but always stores the gradients of all groups. It can be slower (more passes) or faster (less padding if the texts of a batch differ in length).',
    ),
});

const alarms = z.strictObject({
  stop: z
    .array(z.enum(alarmCodes))
    .default([])
    .describe(
      'Rules whose alarm stops the run, with a checkpoint. A resumed run stops only for an alarm that is raised anew.',
    ),
  off: z.array(z.enum(alarmCodes)).default([]).describe('Rules that are not applied.'),
});

const earlyStopping = z.strictObject({
  metric: z
    .enum(['loss', ...Object.values(metricsOf).flat()])
    .optional()
    .describe('The validation metric that is watched. Default: the one that ranks checkpoints.'),
  patience: whole(1)
    .default(5)
    .describe('Validations without an improvement after which the run ends.'),
  minDelta: z
    .number()
    .min(0)
    .default(0)
    .describe('An improvement on the best value by no more than this does not count.'),
});

export type EarlyStopping = z.infer<typeof earlyStopping>;

const techniques = techniquesSchema('For all methods:');
const batchSize = whole(1).default(32).describe('Examples per optimizer step, over all groups.');
const batches = z
  .enum(['random', 'similar-length'])
  .default('random')
  .describe(
    'How batches are formed: `random`; `similar-length`, from examples with similar numbers of tokens, which reduces padding. Batches come in random order either way.',
  );
const steps = whole(1)
  .default(500)
  .describe('Optimizer steps per run. With `epochs` they follow from the training examples.');
const epochs = z
  .number()
  .positive()
  .optional()
  .describe(
    'Instead of `steps`: how often each training example is seen. The steps are `epochs` × training examples / `batchSize`, rounded up.',
  );

const grid = gridOf({
  ...{ optimizer, batchSize, steps, epochs, batches, groups, techniques, earlyStopping },
  // Runs of one experiment start from one checkpoint, of which their manifests name the commit.
  model: model.omit({ from: true }),
});

/** The path of the setting that a key of `grid` means. */
export const gridPath = grid.pathOf;
export const gridKeys = grid.keys;

export const configSchema = z.strictObject({
  name: z
    .string()
    .regex(/^(?![\s.])[^\p{Cc}\\/:*?"<>|]{1,80}(?<![\s.])$/u)
    .meta({ title: 'up to 80 characters that are valid in a folder name' })
    .default('fine-tune')
    .describe('Name of the experiment in lists and run folders.'),
  task: z
    .enum(['classification', 'regression', 'generation'])
    .default('classification')
    .describe(
      'The loss is cross-entropy for `classification`, squared error for `regression`, and cross-entropy of the answer’s tokens for `generation`.',
    ),
  metric: z
    .enum(Object.values(metricsOf).flat())
    .optional()
    .describe(
      'The validation metric that ranks checkpoints. `classification`: `accuracy` (default), `macroF1`, `f1` (of the second of two classes in the order of their names, such as 1 of 0 and 1 or yes of no and yes, regardless of the checkpoint’s order), `mcc` (Matthews correlation). `regression`: `rmse` (default), `pearson`, `spearman`. `generation`: `perplexity` (default), `exactMatch`.',
    ),
  program: z
    .union([z.string().regex(/\S/), z.array(z.string()).min(1)])
    .optional()
    .meta({ title: 'a command line, or a list of arguments' })
    .describe(
      'Trains by [a program of your own](programs.md) in place of the built-in trainer: `python train.py --seed {seed} --aggregate {aggregator} --lr {learningRate}`. Placeholders are `seed`, `init`, `order`, `aggregator` and any setting of this config. No shell reads it. It needs no `model` and no `data`.',
    ),
  model: model.prefault({}).describe('The model to train.'),
  data: data.describe(
    'Training and validation data. Paths are relative to the config’s folder. Not needed with `program`.',
  ),
  groups: groups.prefault({}).describe('The groups whose gradients are aggregated.'),
  aggregate: z
    .array(aggregateEntry)
    .min(1)
    .default(['grain-normalized', 'mean'])
    .describe(
      'The aggregators to compare, each with every seed: names of [aggregators](aggregators.md), or [entries](#an-entry-of-aggregate) with settings.',
    ),
  techniques,
  controls: controlsSchema,
  tune: tuneSchema,
  grid: grid.schema
    .optional()
    .describe(
      'Trains every method and seed [at each point of a grid](grid.md): with every combination of these values, such as `{ learningRate: [1e-5, 2e-5], batchSize: [16, 32] }`. Keys are settings of `optimizer`, `model`, `groups`, `techniques` and `earlyStopping`, by their path (`model.dropout`) or, where it is unique, their last key, and `batchSize`, `batches`, `steps` and `epochs`; with `program` also names of your own, for its placeholders.',
    ),
  optimizer: optimizer.prefault({}).describe('How the aggregated gradient updates the parameters.'),
  batchSize,
  batches,
  steps,
  epochs,
  earlyStopping: earlyStopping
    .optional()
    .describe(
      'End a run, as finished, when validations no longer improve. What counts is still its last validation; the best checkpoint is kept.',
    ),
  evaluateEvery: whole(1)
    .default(50)
    .describe(
      'Steps between validations. The model is also validated after the first and the last step.',
    ),
  evaluateExamples: whole(1)
    .optional()
    .describe(
      'Maximum number of validation examples, a random sample that is the same in every validation. Default: all.',
    ),
  checkpointEvery: whole(1)
    .default(100)
    .describe('Steps between checkpoints. The best and the last checkpoint are always kept.'),
  keepCheckpoints: z
    .union([whole(1), z.literal('best')])
    .default(1)
    .describe(
      'Number of most recent checkpoints to keep, besides the best one. `best` keeps only the best, by the metric that ranks checkpoints, once a run has finished; until then also the last one, from which it resumes.',
    ),
  seeds: seedsSchema
    .default([0, 1, 2, 3, 4])
    .describe(
      'Each seed makes one run per aggregator. A number seeds both the initialization and the order of the examples; `{ init, order }` seeds them separately. In place of a list, `{ init: 5, order: 5 }` crosses five initializations with five orders: 25 runs per aggregator, whose [variance is split](statistics.md) into its sources. With `split` too, each seed of it draws the validation examples of `data.validation: { share }` anew. `{ until: { difference: 0.01 }, most: 60 }` [adds seeds until](statistics.md#how-many-seeds) the 95 % interval of every difference of means is at most ± 0.01, `until: { spread: 2 }` until a ratio of spreads is shown or so many seeds would show a ratio of 2; `auto` is the latter with at most 60.',
    ),
  concurrency: whole(1)
    .default(1)
    .describe(
      'How many runs are trained at a time. With more than one, each is trained by a process of its own, which loads data and model for itself: that takes its time and memory once per run, and runs that are trained at the same time share the processor or the GPU.',
    ),
  ray: z
    .strictObject({
      address: z
        .string()
        .default('auto')
        .describe(
          'Where the cluster is, as `ray.init` takes it: `host:6379` on a machine of the cluster, `ray://host:10001` from elsewhere, `auto` for the cluster that this machine belongs to.',
        ),
      cpus: z.number().positive().default(1).describe('CPU cores of each run.'),
      gpus: z
        .number()
        .nonnegative()
        .default(0)
        .describe('GPUs of each run; with 0.25, four runs share one.'),
    })
    .optional()
    .describe(
      '[Trains the runs on a Ray cluster](ray.md), each as a task with these resources. Without `gpus` a run gets no GPU there.',
    ),
  device: z
    .enum(['auto', 'torch', 'cuda', 'tensorflow', 'webgpu', 'wasm', 'cpu'])
    .default('auto')
    .describe('`auto` is the fastest device available; `grain doctor` lists them.'),
  zeroGroups: zeroGroups
    .default('drop')
    .describe(
      'How to treat a group whose gradient is exactly zero, as the shortest vector would be zero too: `drop` excludes the group, `stop` skips the step, `error` ends the run. Aggregators that accept zero gradients ignore this key.',
    ),
  alarms: alarms
    .prefault({})
    .describe('What an [alarm](alarms.md) about a run does. By default it is reported only.'),
});

/** A config with all defaults filled in. */
export type Config = z.infer<typeof configSchema>;
