/** The section `data` of a config: which files, and how they are read. */
import * as z from 'zod';
import { HUB_ID } from './modelOrigin.ts';
import { whole } from './numberSchema.ts';
import { MAX_SEED } from './seeds.ts';

/** How a file holds a table. */
export const dataFormats = ['csv', 'tsv', 'jsonl', 'json', 'parquet', 'arrow'] as const;

export type DataFormat = (typeof dataFormats)[number];

/** Words that stand for a missing value: those of pandas. Empty cells are missing as well. */
export const missingWords = [
  ...['#N/A', '#N/A N/A', '#NA', '-1.#IND', '-1.#QNAN', '-NaN', '-nan', '1.#IND', '1.#QNAN'],
  ...['<NA>', 'N/A', 'NA', 'NULL', 'NaN', 'None', 'n/a', 'nan', 'null'],
];

const column = () => z.string().min(1).meta({ title: 'the name of a column' });
const file = () => z.string().min(1);
const files = () =>
  z
    .union([file(), z.array(file()).min(1)])
    .meta({ title: 'the path of a file, or a list or pattern of them' });

export const data = z.strictObject({
  from: z
    .string()
    .regex(HUB_ID)
    .optional()
    .meta({ title: 'owner/name, or owner/name@revision' })
    .describe(
      'A dataset on the Hugging Face Hub. `train` and `validation` are then paths in its repository.',
    ),
  train: files().describe(
    'Training examples: a file, several as a list, or a pattern (`data/train-*.parquet`), whose files are [read one after another](data.md#several-files). CSV or TSV with column names in the first row, JSONL with one object per line, a JSON array of objects, Parquet, or Arrow, according to the extension `.csv`, `.tsv`, `.jsonl`, `.json`, `.parquet` or `.arrow` (`.feather`). Text files are UTF-8 (or UTF-16 with a byte order mark) and may be compressed by gzip (`.csv.gz`). [More](data.md).',
  ),
  validation: z
    .union([
      files(),
      z
        .strictObject({
          share: z
            .number()
            .gt(0)
            .max(0.5)
            .describe(
              'This share of the rows of `train` is for validation, and not trained on: of every 1/share rows that follow each other one, drawn at random, so that a sorted file is drawn from evenly.',
            ),
          seed: z
            .int()
            .min(0)
            .max(MAX_SEED)
            .default(0)
            .describe(
              'Decides which rows. All runs of a config have the same, unless `seeds` has a `split`.',
            ),
        })
        .meta({ title: '{ share: 0.2 } of the training examples' }),
    ])
    .describe(
      'Validation examples, with the same columns, in a file or several; or `{ share: 0.2, seed: 0 }`, which draws a share of at most 0.5 from the training file: of every 1/share rows that follow each other one, at random by the seed. These are not trained on, and the same in all runs.',
    ),
  format: z
    .enum(dataFormats)
    .optional()
    .describe(
      'Format of all files, regardless of their extensions. In `csv`, a field in "double quotes" may contain commas and newlines; in `tsv`, quotes are ordinary characters.',
    ),
  columns: z
    .array(column())
    .min(1)
    .optional()
    .describe('Column names, for CSV or TSV files without a header row.'),
  delimiter: z
    .enum([',', ';', '\t', '|', ' '])
    .default(',')
    .describe('For `csv`: the character between the cells of a row.'),
  extraCells: z
    .enum(['error', 'ignore'])
    .default('error')
    .describe(
      'For CSV and TSV: how to treat a row with more cells than columns. `ignore` drops the extra cells.',
    ),
  missing: z
    .array(z.string())
    .default(missingWords)
    .meta({ title: 'a list of texts' })
    .describe(
      `Words that stand for a missing value, in every column that is used; a row that has one is refused. An empty cell is always missing. Default: those of pandas, ${missingWords.map((word) => `\`${word}\``).join(', ')}. With \`[]\` they are values like any other.`,
    ),
  dropIncomplete: z
    .boolean()
    .default(false)
    .describe(
      'Leave out rows in which a cell that is used is empty or stands for a missing value, and say how many, instead of refusing the file.',
    ),
  target: column().describe(
    'The column to predict: a class, a number for `task: regression`, or the answer’s text for `task: generation`.',
  ),
  features: z
    .array(column())
    .min(1)
    .optional()
    .describe(
      'Numeric columns to predict from. Default: all columns except the target and the column of `groups.by: column:<name>`.',
    ),
  text: z
    .union([column(), z.array(column()).min(1).max(2)])
    .optional()
    .meta({ title: 'the name of a column, or a list of one or two' })
    .describe(
      'Instead of `features`: the text column, or pair of text columns, to predict from. One text of a pair may be empty; a warning counts such examples. Needs a transformer in `model.from`.',
    ),
  imageFile: column()
    .optional()
    .describe(
      'Instead of `features`: the column with images, PNG or JPEG: paths of files, relative to the folder of the data file, or in Parquet the files themselves, as datasets on the Hub have them. Needs a checkpoint for image classification in `model.from`, and [`device: torch`](devices.md#images).',
    ),
  maxLength: whole(8)
    .optional()
    .describe(
      'Maximum number of tokens per example. Longer examples are truncated: the longer text of a pair first, a prompt at its beginning. Default: 512 for `task: generation`, otherwise 128, and at most the model’s maximum number of positions.',
    ),
  prompt: z
    .string()
    .min(1)
    .optional()
    .meta({ title: 'a text with placeholders such as {question}' })
    .describe(
      'For `task: generation`: the prompt, with column names in braces as placeholders (`"Question: {question}\\nAnswer:\\n"`); write `{{` and `}}` for literal braces. Some placeholders of an example may be empty, but not all; a warning counts such examples. Default: the text of `text`, followed by a newline.',
    ),
  answerAfter: z
    .string()
    .min(1)
    .optional()
    .describe(
      'For `task: generation`: the marker before the final answer, such as `"####"`. `exactMatch` compares the rest of the line after the first marker, ignoring thousands separators. Default: the whole text is compared.',
    ),
  maxNewTokens: whole(1)
    .default(256)
    .describe(
      'For `task: generation`: maximum number of tokens generated per answer in validation. The longest prompt plus these must fit the model’s maximum number of positions.',
    ),
  image: z
    .tuple([whole(1), whole(1), whole(1)])
    .optional()
    .meta({ title: '[height, width, channels]' })
    .describe(
      'Shape of the image that the features are the pixels of, in row-major order with channels last. With `device: torch` and a checkpoint of transformers, pixels are numbers from 0 to 1 after `scale`, and channels are 1 or 3.',
    ),
  scale: z
    .number()
    .positive()
    .default(1)
    .describe('Features are divided by this number; 255 maps bytes to 0…1.'),
  standardize: z
    .boolean()
    .default(false)
    .describe(
      'Shift and scale each feature to mean 0 and standard deviation 1 over the training examples.',
    ),
});
