/** Rules about the task and its data: columns, texts, prompts and metrics. */
import path from 'node:path';
import {
  fileKeys,
  filePath,
  formatOf,
  namedFiles,
  promptColumns,
  promptOf,
  readsImages,
  readsTexts,
  TABLE_NAMES,
  textColumns,
} from './data.ts';
import { dataFormats } from './dataSchema.ts';
import { alternatives, type Finding, type Path } from './diagnostic.ts';
import { foreignByName } from './fileKinds.ts';
import { metricsOf } from './ranking.ts';
import { defaults, type Rule, repeated } from './rule.ts';
import type { Config } from './schema.ts';

export const dataRules: readonly Rule[] = [
  textsHaveNoNumericKeys,
  imageFilesHaveNoOtherInputs,
  hubImagesAreInTheData,
  pixelsHaveTheirScale,
  generationNeedsTexts,
  answersBelongToGeneration,
  promptsHavePlaceholders,
  metricsBelongToTasks,
  patternsAreLocal,
  filesHaveFormats,
  csvKeysBelongToCsv,
  targetIsNotAFeature,
  columnsOnce,
  textColumnsOnce,
];

function textsHaveNoNumericKeys({ data }: Config): Finding[] {
  if (!readsTexts(data)) return [];
  const keys = (['features', 'image', 'scale', 'standardize'] as const).filter(
    (key) => data[key] !== defaults.data[key],
  );
  return keys.map((key) => ({
    path: ['data', key],
    isKey: true,
    message: `data.${key} does nothing with texts: it is for numeric features`,
    expected: `no such key, or no data.${data.text === undefined ? 'prompt' : 'text'}`,
  }));
}

function imageFilesHaveNoOtherInputs({ data }: Config): Finding[] {
  if (data.imageFile === undefined) return [];
  const keys = ['text', 'prompt', 'features', 'image', 'scale', 'standardize'] as const;
  return keys
    .filter((key) => data[key] !== defaults.data[key])
    .map((key) => ({
      path: ['data', key],
      isKey: true,
      message: `data.${key} does nothing with data.imageFile: examples are image files`,
      expected: 'only one of them',
    }));
}

/** Other formats name the images, and would need a download of each. */
function hubImagesAreInTheData({ data }: Config): Finding[] {
  if (data.imageFile === undefined || data.from === undefined) return [];
  const isParquet = fileKeys(data)
    .flatMap((key) => namedFiles(data, key))
    .every((named) => (data.format ?? formatOf(named)) === 'parquet');
  if (isParquet) return [];
  return [
    {
      path: ['data', 'imageFile'],
      isKey: true,
      message: 'of a dataset on the Hub, only images inside Parquet files are read',
      expected: 'its Parquet files in data.train and data.validation, or files on this machine',
    },
  ];
}

/** A checkpoint of transformers normalizes pixels by its own means and deviations. */
function pixelsHaveTheirScale({ data, device }: Config): Finding[] {
  if (!readsImages({ data, device }) || !data.standardize) return [];
  return [
    {
      path: ['data', 'standardize'],
      message: 'images are normalized as the checkpoint says, in preprocessor_config.json',
      expected: 'standardize: false',
    },
  ];
}

function generationNeedsTexts({ task, model, data }: Config): Finding[] {
  if (task !== 'generation') return [];
  return [
    ...(readsTexts(data)
      ? []
      : [
          {
            path: ['task'],
            message: 'generation needs texts, but data.text is not set',
            expected: 'data.text, the column with the text to continue, or data.prompt',
          },
        ]),
    ...(model.head === 'new'
      ? [
          {
            path: ['model', 'head'],
            message: 'models for generation keep their own head',
            expected: 'no such key',
          },
        ]
      : []),
  ];
}

function answersBelongToGeneration({ task, data }: Config): Finding[] {
  if (task === 'generation') return [];
  return (['prompt', 'answerAfter', 'maxNewTokens'] as const)
    .filter((key) => data[key] !== defaults.data[key])
    .map((key) => ({
      path: ['data', key],
      isKey: true,
      message: `data.${key} does nothing with task: ${task}`,
      expected: 'no such key, or task: generation',
    }));
}

function promptsHavePlaceholders({ task, data }: Config): Finding[] {
  if (data.prompt === undefined || task !== 'generation') return [];
  const columns = promptColumns(promptOf(data));
  if (columns.length === 0) {
    return [
      {
        path: ['data', 'prompt'],
        message: 'data.prompt has no placeholder: every example would have the same prompt',
        expected: `a text with placeholders such as {${textColumns(data)[0] ?? 'question'}}`,
      },
    ];
  }
  return textColumns(data).flatMap((name, index) =>
    columns.includes(name)
      ? []
      : [
          {
            path: textPath(data, index),
            message: `"${name}" does nothing: data.prompt has no placeholder for it`,
            expected: `a placeholder {${name}} in data.prompt, or no such column`,
          },
        ],
  );
}

function metricsBelongToTasks({ task, metric, earlyStopping }: Config): Finding[] {
  const named = [
    { path: ['metric'], metric, valid: metricsOf[task] },
    {
      path: ['earlyStopping', 'metric'],
      metric: earlyStopping?.metric,
      valid: ['loss', ...metricsOf[task]],
    },
  ];
  return named.flatMap(({ path, metric, valid }) =>
    metric === undefined || valid.some((name) => name === metric)
      ? []
      : {
          path,
          message: `metric: ${metric} does not apply to task: ${task}`,
          expected: alternatives(valid),
        },
  );
}

/** Of a dataset on the Hub, files are known when they are downloaded. */
function patternsAreLocal({ data }: Config): Finding[] {
  if (data.from === undefined) return [];
  return fileKeys(data).flatMap((key) =>
    namedFiles(data, key).flatMap((named, i) =>
      /[*?[\]{}]/.test(named)
        ? {
            path: filePath(data, key, i),
            message: `${named} is a pattern, which is not looked up on the Hub`,
            expected: 'the paths of files in the dataset’s repository, as a list',
          }
        : [],
    ),
  );
}

/** The extension, or `data.format`, says how a file is written. */
function filesHaveFormats({ data }: Config): Finding[] {
  if (data.format !== undefined) return [];
  return fileKeys(data)
    .flatMap((key) =>
      namedFiles(data, key).map((named, i) => ({ named, at: filePath(data, key, i) })),
    )
    .filter(({ named }) => formatOf(named) === null)
    .map(({ named, at }) => {
      const foreign = foreignByName(named);
      const name = path.basename(named);
      return foreign
        ? {
            path: at,
            message: `${name} is ${foreign.name}`,
            expected: `${TABLE_NAMES}. ${foreign.advice}`,
          }
        : {
            path: at,
            message: `the name ${name} does not say how the file is written`,
            expected: `${TABLE_NAMES}, or data.format: ${alternatives(dataFormats)}`,
          };
    });
}

/** The other formats contain the names of their columns. */
function csvKeysBelongToCsv({ data }: Config): Finding[] {
  const formats = new Set(
    fileKeys(data).flatMap((key) =>
      namedFiles(data, key).map((named) => data.format ?? formatOf(named)),
    ),
  );
  const finding = (key: string, valid: string) => ({
    path: ['data', key],
    isKey: true,
    message: `data.${key} does nothing with ${[...formats].join(' and ')}`,
    expected: `no such key, or data.format: ${valid}`,
  });
  const isDefault = (key: 'columns' | 'extraCells' | 'delimiter') =>
    data[key] === defaults.data[key];
  const isCsv = formats.has('csv') || formats.has(null);
  return [
    ...(isCsv || formats.has('tsv')
      ? []
      : (['columns', 'extraCells'] as const)
          .filter((key) => !isDefault(key))
          .map((key) => finding(key, 'csv or tsv'))),
    ...(isCsv || isDefault('delimiter') ? [] : [finding('delimiter', 'csv')]),
  ];
}

function targetIsNotAFeature({ data }: Config): Finding[] {
  const finding = (path: Path) => ({
    path,
    message: `"${data.target}" is the target: a model that sees it has nothing to learn`,
    expected: 'columns other than the target',
  });
  const index = data.features?.indexOf(data.target) ?? -1;
  const text = textColumns(data).indexOf(data.target);
  const isAsked = data.prompt !== undefined && promptColumns(promptOf(data)).includes(data.target);
  return [
    ...(index < 0 ? [] : [finding(['data', 'features', index])]),
    ...(text < 0 ? [] : [finding(textPath(data, text))]),
    ...(isAsked ? [finding(['data', 'prompt'])] : []),
  ];
}

function columnsOnce({ data }: Config): Finding[] {
  return [
    ...repeated(data.features ?? [], ['data', 'features'], 'each column once'),
    ...repeated(data.columns ?? [], ['data', 'columns'], 'a different name for each column'),
  ];
}

function textColumnsOnce({ data }: Config): Finding[] {
  return repeated(textColumns(data), ['data', 'text'], 'two different columns');
}

/** Where a column of `data.text` is written. */
function textPath({ text }: Config['data'], index: number): Path {
  return typeof text === 'string' ? ['data', 'text'] : ['data', 'text', index];
}
