import { aggregators } from '../engine/aggregators/registry.ts';
import { aggregationLabel, resolvedAggregation } from './aggregation.ts';
import { formatOf, promptColumns, promptOf, readsTexts, textColumns } from './data.ts';
import type { Finding, Path } from './diagnostic.ts';
import { metricsOf } from './ranking.ts';
import { type Config, configSchema } from './schema.ts';

/** Looks at keys together. `isWritten` tells which keys are there to be pointed at. */
type Rule = (config: Config, isWritten: (path: Path) => boolean) => Finding[];

/** What a schema cannot say: keys that contradict each other, or would silently do nothing. */
export function brokenRules(config: Config, isWritten: (path: Path) => boolean): Finding[] {
  return rules.flatMap((rule) => rule(config, isWritten));
}

/** With its defaults written out, a config is still a config: a key that does nothing is a mistake only if it says otherwise. */
const defaults = {
  optimizer: configSchema.shape.optimizer.parse(undefined),
  groups: configSchema.shape.groups.parse(undefined),
  model: configSchema.shape.model.parse(undefined),
  data: configSchema.shape.data.parse({ train: 'a', validation: 'b', target: 'c' }),
  batches: configSchema.shape.batches.parse(undefined),
};

const rules: readonly Rule[] = [
  savedModelHasItsOwnShape,
  onlySavedModelsAreKept,
  layersFitArchitecture,
  convolutionsNeedImages,
  textsNeedSavedModel,
  textsAreNoNumbers,
  transformersNeedTexts,
  generationNeedsTexts,
  onlyGenerationAnswers,
  promptsHavePlaces,
  metricsBelongToTasks,
  headersBelongToCsv,
  labelsNeedClasses,
  batchesHoldTheirGroups,
  valuesCountThemselves,
  optimizersHaveTheirOwnKeys,
  targetIsNoFeature,
  columnsOnce,
  textColumnsOnce,
  aggregationsOnce,
  preconditionersBelongToAdamw,
  settingsHaveAnEffect,
  seedsOnce,
];

function savedModelHasItsOwnShape({ model }: Config): Finding[] {
  if (model.from === undefined) return [];
  const keys = (['architecture', 'hidden', 'filters'] as const).filter((key) => model[key]);
  return keys.map((key) => ({
    path: ['model', key],
    isKey: true,
    message: `model.${key} contradicts model.from: a saved model has its own`,
    expected: 'one of the two',
  }));
}

function onlySavedModelsAreKept({ model }: Config): Finding[] {
  if (model.from !== undefined) return [];
  const keys = (['freeze', 'head'] as const).filter((key) => model[key]);
  return keys.map((key) => ({
    path: ['model', key],
    isKey: true,
    message: `model.${key} needs model.from: without it every layer starts from scratch`,
    expected: 'model.from, the folder of a saved model',
  }));
}

function layersFitArchitecture({ model }: Config): Finding[] {
  if (model.from !== undefined) return [];
  const architecture = model.architecture ?? 'mlp';
  const [wrong, right] = ({ mlp: ['filters', 'hidden'], cnn: ['hidden', 'filters'] } as const)[
    architecture
  ];
  if (model[wrong] === undefined) return [];
  return [
    {
      path: ['model', wrong],
      isKey: true,
      message: `a model of architecture ${architecture} has no ${wrong}`,
      expected: `model.${right}, or another model.architecture`,
    },
  ];
}

function convolutionsNeedImages({ model, data }: Config): Finding[] {
  if (model.architecture !== 'cnn' || data.image) return [];
  return [
    {
      path: ['model', 'architecture'],
      message: 'a cnn needs images, and there is no data.image',
      expected: 'data.image: [height, width, channels], or architecture: mlp',
    },
  ];
}

function textsNeedSavedModel({ model, data }: Config): Finding[] {
  if (!readsTexts(data) || model.from !== undefined) return [];
  const key = data.text === undefined ? 'prompt' : 'text';
  return [
    {
      path: ['data', key],
      isKey: true,
      message: `data.${key} needs model.from: only pretrained transformers read texts`,
      expected: 'model.from, a Hugging Face checkpoint: its id on the hub or its folder',
    },
  ];
}

function textsAreNoNumbers({ data }: Config): Finding[] {
  if (!readsTexts(data)) return [];
  const keys = (['features', 'image', 'scale', 'standardize'] as const).filter(
    (key) => data[key] !== defaults.data[key],
  );
  return keys.map((key) => ({
    path: ['data', key],
    isKey: true,
    message: `data.${key} is for examples of numbers, and these are texts`,
    expected: `no such key, or no data.${data.text === undefined ? 'prompt' : 'text'}`,
  }));
}

/** Only transformers read texts, so what is for transformers alone does nothing without them. */
function transformersNeedTexts({ model, data, groups, batches }: Config): Finding[] {
  if (readsTexts(data)) return [];
  const keys: readonly Path[] = [
    ...(['adapter', 'reinitialize', 'dropout', 'checkpointing'] as const)
      .filter((key) => model[key] !== defaults.model[key])
      .map((key) => ['model', key]),
    ...(data.maxLength === undefined ? [] : [['data', 'maxLength']]),
    ...(groups.backward === defaults.groups.backward ? [] : [['groups', 'backward']]),
  ];
  const needTexts = (words: string) => ({
    message: `${words} needs data.text: it is for transformers, which read texts`,
    expected: 'data.text, the columns with the texts',
  });
  return [
    ...keys.map((path) => ({ path, isKey: true, ...needTexts(path.join('.')) })),
    ...(groups.by === 'length'
      ? [{ path: ['groups', 'by'], ...needTexts('groups.by: length') }]
      : []),
    ...(batches === defaults.batches
      ? []
      : [{ path: ['batches'], ...needTexts(`batches: ${batches}`) }]),
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
            message: 'generation needs texts, and there is no data.text',
            expected: 'data.text, the column with the text to continue, or data.prompt',
          },
        ]),
    ...(model.head === 'new'
      ? [
          {
            path: ['model', 'head'],
            message: 'a model that generates has its own head, which cannot be new',
            expected: 'no such key',
          },
        ]
      : []),
  ];
}

function onlyGenerationAnswers({ task, data }: Config): Finding[] {
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

function promptsHavePlaces({ task, data }: Config): Finding[] {
  if (data.prompt === undefined || task !== 'generation') return [];
  const columns = promptColumns(promptOf(data));
  if (columns.length === 0) {
    return [
      {
        path: ['data', 'prompt'],
        message: 'data.prompt has no place for a column: every example would ask the same',
        expected: `a text with places such as {${textColumns(data)[0] ?? 'question'}}`,
      },
    ];
  }
  return textColumns(data).flatMap((name, index) =>
    columns.includes(name)
      ? []
      : [
          {
            path: textPath(data, index),
            message: `"${name}" does nothing: data.prompt has no place for it`,
            expected: `a place {${name}} in data.prompt, or no such column`,
          },
        ],
  );
}

function metricsBelongToTasks({ task, metric }: Config): Finding[] {
  const valid: readonly string[] = metricsOf[task];
  if (metric === undefined || valid.includes(metric)) return [];
  return [
    {
      path: ['metric'],
      message: `a ${task} has no ${metric}`,
      expected: `one of ${valid.join(', ')}`,
    },
  ];
}

/** Tables of other formats name their columns themselves. */
function headersBelongToCsv({ data }: Config): Finding[] {
  const formats = [data.train, data.validation].map((file) => data.format ?? formatOf(file));
  if (formats.some((format) => format === 'csv' || format === 'tsv')) return [];
  const keys = (['columns', 'extraCells'] as const).filter(
    (key) => data[key] !== defaults.data[key],
  );
  return keys.map((key) => ({
    path: ['data', key],
    isKey: true,
    message: `data.${key} does nothing with ${[...new Set(formats)].join(' and ')}, which names each value’s column`,
    expected: 'no such key, or data.format: csv or tsv',
  }));
}

/** Where a column of `data.text` is written. */
function textPath({ text }: Config['data'], index: number): Path {
  return typeof text === 'string' ? ['data', 'text'] : ['data', 'text', index];
}

function labelsNeedClasses({ groups, task }: Config): Finding[] {
  if (groups.by !== 'label' || task === 'classification') return [];
  return [
    {
      path: ['groups', 'by'],
      message: `a ${task} has no labels to make groups by`,
      expected: 'one of microbatch, random, length, or column:<name>',
    },
  ];
}

function batchesHoldTheirGroups({ groups, batchSize }: Config, isWritten: Parameters<Rule>[1]) {
  if (isByValue(groups.by) || groups.count <= batchSize) return [];
  const count = ['groups', 'count'];
  return [
    {
      path: isWritten(count) ? count : ['batchSize'],
      message: `${groups.count} groups cannot be made of a batch of ${batchSize} examples`,
      expected: 'groups.count to be at most batchSize',
    },
  ];
}

function valuesCountThemselves({ groups }: Config): Finding[] {
  if (!isByValue(groups.by) || groups.count === defaults.groups.count) return [];
  return [
    {
      path: ['groups', 'count'],
      isKey: true,
      message: `groups.count does nothing with groups by ${groups.by}: there are as many as values`,
      expected: 'no groups.count, or groups.by: microbatch, random or length',
    },
  ];
}

function optimizersHaveTheirOwnKeys({ optimizer }: Config): Finding[] {
  const [foreign, other] = (
    { sgd: [['beta1', 'beta2', 'epsilon'], 'adamw'], adamw: [['momentum'], 'sgd'] } as const
  )[optimizer.name];
  return foreign
    .filter((key) => optimizer[key] !== defaults.optimizer[key])
    .map((key) => ({
      path: ['optimizer', key],
      isKey: true,
      message: `optimizer.${key} does nothing with ${optimizer.name}`,
      expected: `no such key, or name: ${other}`,
    }));
}

function targetIsNoFeature({ data }: Config): Finding[] {
  const finding = (path: Path) => ({
    path,
    message: `"${data.target}" is the target: a model that sees it has nothing to learn`,
    expected: 'columns beside the target',
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

function aggregationsOnce({ aggregate, zeroGroups }: Config): Finding[] {
  const labels = aggregate.map((entry) =>
    aggregationLabel(resolvedAggregation(entry, zeroGroups), zeroGroups),
  );
  return repeated(labels, ['aggregate'], 'each aggregator once with the same settings');
}

function preconditionersBelongToAdamw({ aggregate, optimizer }: Config): Finding[] {
  if (optimizer.name === 'adamw') return [];
  return aggregate.flatMap((entry, i) =>
    typeof entry === 'string' || entry.metric === 'euclidean'
      ? []
      : {
          path: ['aggregate', i, 'metric'],
          message: `${optimizer.name} has no preconditioner to take the metric of`,
          expected: 'metric: euclidean, or optimizer.name: adamw',
        },
  );
}

/** Metric and smoothing are about inner products and weights; a policy is for those that zero gradients leave no direction. */
function settingsHaveAnEffect({ aggregate, zeroGroups }: Config): Finding[] {
  return aggregate.flatMap((entry, i) => {
    if (typeof entry === 'string') return [];
    const { decidedBy, takesZeroGroups } = aggregators[entry.name];
    const isByGram = decidedBy === 'gram' || decidedBy === 'block-grams';
    const ineffective: Finding[] = [];
    if (!isByGram && entry.metric !== 'euclidean') {
      ineffective.push({
        path: ['aggregate', i, 'metric'],
        message: `${entry.name} is not decided by the inner products of all gradients, which is what a metric is for`,
        expected: 'metric: euclidean',
      });
    }
    if (!isByGram && entry.smoothing > 0) {
      ineffective.push({
        path: ['aggregate', i, 'smoothing'],
        message: `${entry.name} does not make a step of weights that could be smoothed`,
        expected: 'smoothing: 0',
      });
    }
    const isGuarded = entry.guard !== undefined && entry.guard !== false;
    if (isGuarded && (decidedBy === 'arrival' || decidedBy === 'block-grams')) {
      ineffective.push({
        path: ['aggregate', i, 'guard'],
        message: `${entry.name} does not keep the gradients of all groups until the update, which a guard needs`,
        expected: 'guard: false, or another aggregator',
      });
    }
    if (isGuarded && entry.metric !== 'euclidean') {
      ineffective.push({
        path: ['aggregate', i, 'guard'],
        message:
          'a guard needs the inner products between the gradients, not those of metric: preconditioned',
        expected: 'guard: false, or metric: euclidean',
      });
    }
    if (takesZeroGroups && entry.zeroGroups && entry.zeroGroups !== zeroGroups) {
      ineffective.push({
        path: ['aggregate', i, 'zeroGroups'],
        isKey: true,
        message: `zeroGroups does nothing with ${entry.name}, which takes zero gradients like any others`,
        expected: 'no such key',
      });
    }
    return ineffective;
  });
}

function seedsOnce({ seeds }: Config): Finding[] {
  const pairs = seeds.map((seed) =>
    typeof seed === 'number' ? `${seed}/${seed}` : `${seed.init}/${seed.order}`,
  );
  return repeated(pairs, ['seeds'], 'each pair of init and order once; a number is both');
}

function repeated(values: readonly string[], path: Path, expected: string): Finding[] {
  return values.flatMap((value, index) => {
    const isFirst = values.indexOf(value) === index;
    return isFirst ? [] : [{ path: [...path, index], message: `${value} is repeated`, expected }];
  });
}

function isByValue(by: string): boolean {
  return by === 'label' || by.startsWith('column:');
}
