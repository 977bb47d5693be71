import { z } from 'zod';
import { aggregateEntry, zeroGroups } from './aggregation.ts';
import { HUB_ID } from './modelOrigin.ts';
import { metricsOf } from './ranking.ts';

/**
 * The config, as the one definition that checking, completion in the editor and docs/config.md are made from. A `title` is how a
 * value is called where its type alone would not say enough.
 */

/** How a file holds a table. */
export const dataFormats = ['csv', 'tsv', 'jsonl', 'parquet'] as const;

export type DataFormat = (typeof dataFormats)[number];

const whole = (least: number) => z.int().min(least);
const share = () => z.number().min(0).max(1);
const memory = () => z.number().min(0).lt(1);
const column = () => z.string().min(1).meta({ title: 'the name of a column' });
const file = () => z.string().min(1).meta({ title: 'the path of a file' });
export const MAX_SEED = 2_147_483_647;
const seed = () => z.int().min(0).max(MAX_SEED);

const lora = z.strictObject({
  rank: whole(1).default(8).describe('Rank r of the two matrices that are trained per layer.'),
  alpha: z
    .number()
    .positive()
    .default(16)
    .describe('What the matrices add to the layer is multiplied by alpha / rank.'),
  dropout: memory()
    .default(0)
    .describe(
      'Share of the numbers that is dropped, in training, from what goes into the adapter.',
    ),
  targets: z
    .array(z.string().min(1).meta({ title: 'the name of a linear layer' }))
    .min(1)
    .optional()
    .describe(
      'Names of the linear layers that get an adapter, such as `[query, value]` of a BERT or `[q_proj, v_proj]` of a Llama, in every block. Without this key: the usual ones of the architecture.',
    ),
});

const model = z.strictObject({
  from: z
    .string()
    .min(1)
    .optional()
    .meta({ title: 'owner/name on the Hugging Face hub, or the path of a folder' })
    .describe(
      'The saved model to start from: a repository of the Hugging Face hub (`owner/name`, or `owner/name@revision`), a folder with a Hugging Face checkpoint (`config.json` beside its weights), or, for examples of numbers, a folder with a TensorFlow.js layers model (`model.json` beside its weights). The checkpoints of a run are such folders, unless adapters were trained. A path that is there, or begins with `.`, `/` or `~`, is taken for a folder. Without this key the network is made from scratch.',
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
      'With `from`: how many layers with parameters, counted from the input, are left untrained. Of a transformer: how many of its blocks, and the embeddings; such blocks get no adapter either.',
    ),
  head: z
    .enum(['keep', 'new'])
    .optional()
    .describe(
      'With `from`: `keep` trains the last layer on; `new` replaces it by a fresh one. Without this key it is kept if it has as many outputs as the task needs; that of a transformer for classification, if its outputs (`id2label` in `config.json`) have the names of the classes as well, in whatever order, LABEL_0 being class 0: outputs and classes are matched by name. Where the names are others, a fresh one is trained and a warning says so; `keep` takes such outputs in the order of the classes, and a warning says which is which. What generates keeps its own.',
    ),
  adapter: z
    .strictObject({ lora: lora.describe('Low-rank adaptation (Hu et al. 2021).') })
    .optional()
    .describe(
      'Of a transformer: train small matrices beside its linear layers, the head, and what starts from fresh values, and leave its other weights as they are.',
    ),
  reinitialize: whole(0)
    .default(0)
    .describe(
      'Of a transformer: how many blocks, counted from the output, start from fresh values (Zhang et al. 2021).',
    ),
  dropout: memory()
    .optional()
    .describe(
      'Of a transformer: rate of dropout on hidden states, on attention and before the head. Without this key: those of the checkpoint’s `config.json`.',
    ),
  checkpointing: z
    .boolean()
    .default(false)
    .describe(
      'Of a transformer: keep of each block nothing but its input, and compute the rest again on the way back. Takes less memory and more time; the results are the same.',
    ),
});

const data = z.strictObject({
  from: z
    .string()
    .regex(HUB_ID)
    .optional()
    .meta({ title: 'owner/name, or owner/name@revision' })
    .describe(
      'A dataset of the Hugging Face hub. `train` and `validation` are then paths of files in its repository.',
    ),
  train: file().describe(
    'Examples to train on: CSV or TSV with the names of the columns in the first row, JSONL with an object a line, or Parquet; told by the extension `.csv`, `.tsv`, `.jsonl`, `.parquet`.',
  ),
  validation: file().describe('Examples to validate on, with the same columns.'),
  format: z
    .enum(dataFormats)
    .optional()
    .describe(
      'What both files are, whatever their extensions. Quotes mean nothing in `tsv`; a `csv` field in "double quotes" may hold commas and newlines.',
    ),
  columns: z
    .array(column())
    .min(1)
    .optional()
    .describe('Names of the columns, of CSV or TSV files whose first row is an example already.'),
  extraCells: z
    .enum(['error', 'ignore'])
    .default('error')
    .describe(
      'Of CSV and TSV: what to do where a row has more cells than there are columns. `ignore` leaves the further cells out.',
    ),
  target: column().describe(
    'The column to predict: a class; a number for `task: regression`; the text to answer for `task: generation`.',
  ),
  features: z
    .array(column())
    .min(1)
    .optional()
    .describe(
      'The columns to predict from, all numbers. Without this key: all but the target and the column of `groups.by: column:<name>`.',
    ),
  text: z
    .union([column(), z.array(column()).min(1).max(2)])
    .optional()
    .meta({ title: 'the name of a column, or a list of one or two' })
    .describe(
      'In place of `features`: the column, or the pair of columns, with the texts to predict from. One of a pair may be empty; a warning counts such texts. Needs a transformer in `model.from`.',
    ),
  maxLength: whole(8)
    .optional()
    .describe(
      'Tokens that an example may have; longer ones are cut: the longer text of a pair first, of a prompt the beginning. Without this key: 512 for `task: generation`, else 128, and never more than the network has positions for.',
    ),
  prompt: z
    .string()
    .min(1)
    .optional()
    .meta({ title: 'a text with places such as {question}' })
    .describe(
      'For `task: generation`: what the model is to continue, with the name of a column in braces where its text goes (`"Question: {question}\\nAnswer:\\n"`); `{{` and `}}` stand for braces. Some of its places may stay empty, not all; a warning counts them. Without this key: the text of `text`, followed by a newline.',
    ),
  answerAfter: z
    .string()
    .min(1)
    .optional()
    .describe(
      'For `task: generation`: the mark that the final answer follows, such as `"####"`. `exactMatch` compares what is on the line after the first one, without commas between thousands. Without this key: the whole text.',
    ),
  maxNewTokens: whole(1)
    .default(256)
    .describe(
      'For `task: generation`: how many tokens an answer in validation may have. With them the longest prompt must not be beyond the network’s positions.',
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
      z.enum(['microbatch', 'random', 'label', 'length']),
      z
        .string()
        .regex(/^column:.+$/)
        .meta({ title: 'column:<name>' }),
    ])
    .default('microbatch')
    .describe(
      'How the examples of a step are put into groups: `microbatch`, consecutive slices of the batch, as gradient accumulation makes them; `random`, a fresh random partition each step; `label`, a group per class; `length`, slices of the batch sorted by the number of tokens; `column:<name>`, a group per value of a column of the training data.',
    ),
  count: whole(1)
    .default(8)
    .describe(
      'How many groups `microbatch`, `random` and `length` make of a batch; at most `batchSize`. Where it does not divide `batchSize`, sizes differ by one.',
    ),
  backward: z
    .enum(['grouped', 'accumulate'])
    .default('grouped')
    .describe(
      'Of a transformer: `grouped`, one pass over the whole batch gives the gradient of every group; `accumulate`, a pass per group: less memory, for the activations are those of one group, but the gradients of all groups are kept, whatever the aggregator. What it takes of time depends: more passes, but less padding where the texts of a batch differ in length.',
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
    .enum(['classification', 'regression', 'generation'])
    .default('classification')
    .describe(
      '`classification` minimises cross-entropy; `regression`, the squared error; `generation`, the cross-entropy of the answer’s tokens.',
    ),
  metric: z
    .enum(Object.values(metricsOf).flat())
    .optional()
    .describe(
      'The validation metric that ranks checkpoints. For `classification`: `accuracy` (without this key), `macroF1`, `f1` (of the second of two classes in the order of their names – of 0 and 1, of no and yes, the latter –, whatever the order of a checkpoint’s), `mcc` (Matthews correlation); for `regression`: `rmse` (without this key), `pearson`, `spearman`; for `generation`: `perplexity` (without this key), `exactMatch`.',
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
  batches: z
    .enum(['random', 'similar-length'])
    .default('random')
    .describe(
      'Which examples make a batch: `random`, any; `similar-length`, those of about as many tokens, so that little is padded. The batches themselves come in random order either way.',
    ),
  steps: whole(1).default(500).describe('Optimizer steps in a run.'),
  evaluateEvery: whole(1)
    .default(50)
    .describe('Steps between validations. The first and the last step are always validated.'),
  evaluateExamples: whole(1)
    .optional()
    .describe(
      'At most so many examples are validated on, always the same ones, drawn at random. Without this key: all.',
    ),
  checkpointEvery: whole(1)
    .default(100)
    .describe('Steps between checkpoints. The best one so far and the last are always kept.'),
  keepCheckpoints: whole(1)
    .default(1)
    .describe('How many of the last checkpoints are kept, beside the best one.'),
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
