/**
 * The settings from which rules and thresholds were drawn (`fit`), and those on which the hit rate is measured (`held out`): these
 * were trained after the rules had been written.
 */
import { settings as guaranteeSettings } from '../guarantee/settings.ts';
import type { Task } from './descent.ts';
import { type DigitsTask, digitsExamples } from './digits.ts';
import type { Optimizer } from './optimizers.ts';
import { type StsbTask, stsbExamples } from './stsb.ts';

export type Use = 'fit' | 'held out';

export interface ProbeSetting {
  readonly name: string;
  readonly title: string;
  readonly use: Use;
  /** Null where its data are missing on this machine. */
  task(): Promise<Task | null>;
}

/** How a setting is trained. Groups are parts of a batch, or as the data say. */
interface Training {
  readonly groups: { readonly by: string; readonly count: number } | 'label' | 'source';
  readonly optimizer: Optimizer;
  readonly batchSize: number;
}

const five = [5, 6, 7, 8, 9];
const ten = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const of = (classes: readonly number[], each: number) => classes.map(() => each);
const adamw = (learningRate: number) => ({
  optimizer: { name: 'adamw', learningRate, momentum: 0 } as const,
});
const sgd = (learningRate: number, momentum: number) => ({
  optimizer: { name: 'sgd', learningRate, momentum } as const,
});
const by = (kind: string, count: number) => ({ groups: { by: kind, count } });
const label = { groups: 'label' } as const;
const source = { groups: 'source' } as const;
const usual: Training = { ...by('microbatch', 8), ...adamw(3e-3), batchSize: 40 };

function digits(
  name: string,
  use: Use,
  title: string,
  { square = 4, ...changes }: Partial<DigitsTask> & { readonly square?: number },
  ...trainings: Partial<Training>[]
): ProbeSetting {
  const data: DigitsTask = {
    classes: five,
    counts: of(five, 20),
    sources: 1,
    noise: [],
    ...changes,
  };
  const training = Object.assign({}, usual, ...trainings);
  const classes = data.classes.map(String);
  const task = async () => ({
    ...training,
    classes,
    ...digitsExamples(data, square),
    groups: groupsOf(training, data.sources, classes),
  });
  return { name: `digits-${name}`, title: `digits, ${title}`, use, task };
}

function stsb(
  name: string,
  use: Use,
  title: string,
  changes: Partial<StsbTask>,
  ...trainings: Partial<Training>[]
): ProbeSetting {
  const data: StsbTask = { count: 500, sources: 1, noise: [], ...changes };
  const training = Object.assign({}, usual, { batchSize: 32 }, adamw(1e-3), ...trainings);
  const task = async () => {
    const base = await guaranteeSettings.find((other) => other.name === 'stsb-features')!.config();
    if (base === null) return null;
    const { train, validation } = base.data as { train: string; validation: string };
    const examples = stsbExamples({ train, validation }, data);
    return {
      ...training,
      classes: null,
      ...examples,
      groups: groupsOf(training, data.sources, []),
    };
  };
  return { name: `stsb-${name}`, title: `STS-B, ${title}`, use, task };
}

function groupsOf(
  { groups }: Training,
  sources: number,
  classes: readonly string[],
): Task['groups'] {
  if (groups === 'label') return { by: 'label', names: classes };
  const numbered = (count: number) => Array.from({ length: count }, (_, i) => `#${i + 1}`);
  if (groups === 'source') return { by: 'column:source', names: numbered(sources) };
  return { by: groups.by, names: numbered(groups.count) };
}

const four = { sources: 4 };
const seven = [0, 1, 2, 3, 4, 5, 6];
/** At twice the resolution. */
const fine = { classes: seven, counts: of(seven, 20), square: 2 };

export const settings: readonly ProbeSetting[] = [
  digits('microbatch-8', 'fit', '8 micro-batches', {}),
  digits('microbatch-2', 'fit', '2 micro-batches', {}, by('microbatch', 2)),
  digits('microbatch-16', 'fit', '16 micro-batches', {}, by('microbatch', 16), { batchSize: 48 }),
  digits('random-4', 'fit', '4 random groups', {}, by('random', 4)),
  digits('label-5', 'fit', 'by label', {}, label),
  digits('label-10', 'fit', 'ten classes, by label', { classes: ten, counts: of(ten, 15) }, label),
  digits(
    'source-random',
    'fit',
    'one of 4 sources with random labels',
    { ...four, noise: [1] },
    source,
  ),
  digits(
    'source-half',
    'fit',
    'one of 4 sources with half random labels',
    { ...four, noise: [0.5] },
    source,
  ),
  digits('source-clean', 'fit', '4 clean sources', four, source),
  digits(
    'source-8',
    'fit',
    'one of 8 sources with random labels',
    { sources: 8, counts: of(five, 24), noise: [1] },
    source,
  ),
  digits(
    'source-even',
    'fit',
    '4 sources, a quarter of the labels of each random',
    { ...four, noise: [0.25, 0.25, 0.25, 0.25] },
    source,
  ),
  digits(
    'source-two',
    'fit',
    'two of 4 sources with random labels',
    { ...four, noise: [1, 1] },
    source,
  ),
  digits('sgd', 'fit', '8 micro-batches, SGD', {}, sgd(0.1, 0)),
  digits('momentum', 'fit', '8 micro-batches, SGD with momentum', {}, sgd(0.02, 0.9)),
  digits('label-momentum', 'fit', 'by label, SGD with momentum', {}, label, sgd(0.02, 0.9)),
  digits(
    'source-momentum',
    'fit',
    'one of 4 sources with random labels, SGD with momentum',
    { ...four, noise: [1] },
    source,
    sgd(0.02, 0.9),
  ),
  digits('fast', 'fit', '8 micro-batches, learning rate 0.02', {}, adamw(2e-2)),
  digits(
    'slow',
    'fit',
    '4 micro-batches, learning rate 0.0005',
    {},
    by('microbatch', 4),
    adamw(5e-4),
  ),
  digits(
    'label-imbalanced',
    'fit',
    'by label, 40 to 5 examples of a class',
    { counts: [40, 30, 15, 10, 5] },
    label,
  ),
  digits('imbalanced', 'fit', '8 micro-batches, 40 to 5 examples of a class', {
    counts: [40, 30, 15, 10, 5],
  }),
  digits(
    'few',
    'fit',
    '5 micro-batches, 5 examples of a class',
    { counts: of(five, 5) },
    by('microbatch', 5),
    { batchSize: 20 },
  ),
  digits('label-few', 'fit', 'by label, 5 examples of a class', { counts: of(five, 5) }, label, {
    batchSize: 20,
  }),
  digits('noise', 'fit', '8 micro-batches, 30 % random labels', { noise: [0.3] }),
  digits(
    'source-third',
    'fit',
    'one of 4 sources with 30 % random labels',
    { ...four, noise: [0.3] },
    source,
  ),
  digits(
    'source-inverted',
    'fit',
    'one of 4 sources with inverted images',
    { ...four, odd: 'inverted' },
    source,
  ),
  digits(
    'source-shifted',
    'fit',
    'one of 3 sources with each label replaced by the next',
    { sources: 3, counts: of(five, 21), odd: 'shifted labels' },
    source,
  ),
  stsb('microbatch-8', 'fit', '8 micro-batches', {}),
  stsb(
    'microbatch-4',
    'fit',
    '4 micro-batches, SGD with momentum',
    {},
    by('microbatch', 4),
    sgd(0.01, 0.9),
  ),
  stsb(
    'source-shuffled',
    'fit',
    'one of 4 sources with shuffled scores',
    { ...four, noise: [1] },
    source,
  ),
  stsb('source-clean', 'fit', '4 clean sources', four, source),
  stsb('fast', 'fit', '8 micro-batches, learning rate 0.01', {}, adamw(1e-2)),
  stsb(
    'source-half',
    'fit',
    'one of 4 sources with half of the scores shuffled',
    { ...four, noise: [0.5] },
    source,
  ),
  stsb('few', 'fit', '4 micro-batches, 64 pairs', { count: 64 }, by('microbatch', 4), {
    batchSize: 16,
  }),
  stsb('noise', 'fit', '8 micro-batches, 30 % of the scores shuffled', { noise: [0.3] }),
  digits(
    'source-ten',
    'fit',
    'ten classes, one of 4 sources with random labels',
    { ...four, classes: ten, counts: of(ten, 16), noise: [1] },
    source,
  ),
  digits(
    'source-five',
    'fit',
    'one of 5 sources with 60 % random labels, SGD with momentum',
    { sources: 5, noise: [0.6] },
    source,
    sgd(0.02, 0.9),
  ),
  digits(
    'source-three',
    'fit',
    '3 clean sources, 9 examples of a class',
    { sources: 3, counts: of(five, 9) },
    source,
  ),
  digits(
    'source-inverted-slow',
    'fit',
    'one of 4 sources with inverted images, learning rate 0.001',
    { ...four, odd: 'inverted' },
    source,
    adamw(1e-3),
  ),
  digits('fine-microbatch', 'held out', '7 classes, 6 micro-batches', fine, by('microbatch', 6)),
  digits(
    'fine-label',
    'held out',
    '7 classes, by label, learning rate 0.002',
    { ...fine, counts: of(seven, 12) },
    label,
    adamw(2e-3),
  ),
  digits(
    'fine-source-random',
    'held out',
    '7 classes, one of 5 sources with random labels',
    { ...fine, sources: 5, noise: [1] },
    source,
  ),
  digits(
    'fine-source-clean',
    'held out',
    '7 classes, 5 clean sources',
    { ...fine, sources: 5 },
    source,
  ),
  digits(
    'fine-source-half',
    'held out',
    '7 classes, one of 3 sources with half random labels, SGD with momentum',
    { ...fine, sources: 3, noise: [0.5] },
    source,
    sgd(0.02, 0.9),
  ),
  digits(
    'fine-source-inverted',
    'held out',
    '7 classes, one of 5 sources with inverted images',
    { ...fine, sources: 5, odd: 'inverted' },
    source,
  ),
  digits(
    'fine-noise',
    'held out',
    '7 classes, 4 micro-batches, a quarter of the labels random',
    { ...fine, noise: [0.25] },
    by('microbatch', 4),
  ),
  digits(
    'fine-label-few',
    'held out',
    '7 classes, by label, 8 examples of a class, SGD with momentum',
    { ...fine, counts: of(seven, 8) },
    label,
    sgd(0.02, 0.9),
  ),
  digits(
    'source-six',
    'held out',
    'one of 6 sources with random labels, learning rate 0.02',
    { sources: 6, counts: of(five, 24), noise: [1] },
    source,
    adamw(2e-2),
  ),
  digits(
    'microbatch-12',
    'held out',
    '12 micro-batches, learning rate 0.01',
    {},
    by('microbatch', 12),
    adamw(1e-2),
    { batchSize: 48 },
  ),
  stsb(
    'microbatch-2',
    'held out',
    '2 micro-batches, learning rate 0.003',
    {},
    by('microbatch', 2),
    adamw(3e-3),
  ),
  stsb(
    'source-six',
    'held out',
    'one of 6 sources with shuffled scores, learning rate 0.003',
    { sources: 6, noise: [1] },
    source,
    adamw(3e-3),
  ),
];
