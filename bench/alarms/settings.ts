/** Runs that are healthy, and runs that are made to fail in the way that a rule is to find. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { AlarmCode } from '../../src/config/alarms.ts';
import { settings as guaranteeSettings } from '../guarantee/settings.ts';
import { cache } from '../peers/venv.ts';
import { type DigitsTask, digitsFiles } from '../probe/digits.ts';

export interface AlarmSetting {
  readonly name: string;
  /** What is wrong with the runs, or that nothing is. */
  readonly title: string;
  /** Rules that are to find it; none for healthy runs. */
  readonly detects: readonly AlarmCode[];
  readonly seeds: number;
  /** Paths are absolute. Null where its data are missing on this machine. */
  config(): Promise<(Record<string, unknown> & { aggregate: readonly unknown[] }) | null>;
}

/** A folder for each seed: runs are trained side by side. */
export function folderOf({ name }: AlarmSetting, seed: number): string {
  return path.join(cache, 'alarms', name, `seed${seed}`);
}

const five = [5, 6, 7, 8, 9];
const of = (each: number) => five.map(() => each);
const clean: DigitsTask = { classes: five, counts: of(20), sources: 1, noise: [] };
const adamw = (learningRate: number) => ({
  optimizer: { name: 'adamw', learningRate, warmup: 0.1, decay: 'linear' },
});
const label = { groups: { by: 'label' } };
const source = { groups: { by: 'column:source' } };

/** A network of one hidden layer on 14×14 images of five digits. */
function digits(
  name: string,
  title: string,
  {
    detects = [],
    seeds = 5,
    ...task
  }: Partial<DigitsTask> &
    Partial<Pick<AlarmSetting, 'detects' | 'seeds'>> & {
      readonly spoil?: (csv: string) => string;
    },
  changes: Record<string, unknown> & { readonly aggregate: readonly unknown[] },
): AlarmSetting {
  const setting = { name, title, detects, seeds };
  const config = async () => {
    const { spoil, ...rest } = task;
    const files = digitsFiles({ ...clean, ...rest });
    const folder = path.join(cache, 'alarms', name);
    mkdirSync(folder, { recursive: true });
    const [train, validation] = [path.join(folder, 'train.csv'), path.join(folder, 'val.csv')];
    writeFileSync(train, spoil ? spoil(files.train) : files.train);
    writeFileSync(validation, files.validation);
    return {
      name,
      task: 'classification',
      model: { architecture: 'mlp', hidden: [32] },
      data: { train, validation, target: 'label', ...(changes.data as object) },
      groups: { by: 'microbatch', count: 8 },
      ...adamw(3e-3),
      batchSize: 40,
      steps: 200,
      evaluateEvery: 50,
      checkpointEvery: 200,
      ...Object.fromEntries(Object.entries(changes).filter(([key]) => key !== 'data')),
      aggregate: changes.aggregate,
    };
  };
  return { ...setting, config };
}

const healthyMethods = ['mean', 'upgrad', 'grain-normalized'];

export const settings: readonly AlarmSetting[] = [
  digits(
    'micro',
    'healthy: digits, 8 micro-batches',
    { seeds: 7 },
    {
      aggregate: [...healthyMethods, 'grain'],
    },
  ),
  digits(
    'label',
    'healthy: digits, by label',
    { seeds: 9 },
    { ...label, aggregate: healthyMethods },
  ),
  digits(
    'unbalanced',
    'healthy: digits, by label, classes of 40 to 8 examples',
    { counts: [40, 30, 20, 12, 8] },
    { ...label, aggregate: healthyMethods },
  ),
  digits(
    'sources',
    'healthy: digits, 4 sources',
    { sources: 4 },
    {
      ...source,
      aggregate: [...healthyMethods, 'grain'],
    },
  ),
  digits(
    'sgd',
    'healthy: digits, SGD with momentum',
    { seeds: 4 },
    {
      optimizer: { name: 'sgd', learningRate: 0.05, momentum: 0.9 },
      aggregate: ['mean', 'grain'],
    },
  ),
  digits(
    'guarded',
    'healthy: digits, 8 micro-batches, guarded',
    { seeds: 4 },
    {
      aggregate: [
        { name: 'mean', guard: true },
        { name: 'grain', guard: true },
      ],
    },
  ),
  {
    name: 'stsb',
    title: 'healthy: STS-B, a regression on frozen features',
    detects: [],
    seeds: 2,
    config: async () => {
      const config = await guaranteeSettings.find(({ name }) => name === 'stsb-features')!.config();
      const often = { evaluateEvery: 50, aggregate: [...healthyMethods, 'grain'] };
      return config && { ...config, ...often };
    },
  },
  digits(
    'exploding',
    'AdamW at a learning rate of 100',
    { detects: ['exploding-loss'] },
    { optimizer: { name: 'adamw', learningRate: 100 }, aggregate: ['mean'] },
  ),
  digits(
    'corrupted',
    'one of 1000 examples has pixels 1000 times too bright',
    { counts: of(200), detects: ['loss-spike'], spoil: brightened },
    { aggregate: ['mean'] },
  ),
  digits(
    'collapsed',
    'the shortest vector with groups by label',
    { detects: ['stalled-direction', 'dominant-group', 'update-conflict'] },
    { ...label, aggregate: ['grain'] },
  ),
  digits(
    'contradiction',
    'every image twice, with two labels; guarded',
    { counts: of(4), detects: ['guard-stalled'], spoil: contradicted },
    { ...source, aggregate: [{ name: 'mean', guard: true }] },
  ),
  digits(
    'typo',
    'a class of one example, by label',
    { counts: [20, 20, 20, 20, 1], detects: ['few-examples'] },
    { ...label, aggregate: ['grain-normalized'] },
  ),
  digits(
    'mislabelled',
    'one of 4 sources with random labels, the shortest vector',
    { sources: 4, noise: [1], detects: ['starved-group'] },
    { ...source, aggregate: ['grain'] },
  ),
  digits(
    'blind',
    'inputs divided by 10⁹',
    { detects: ['constant-predictions'] },
    { data: { scale: 1e9 }, aggregate: ['mean'] },
  ),
  digits(
    'shifted',
    'training labels shifted by one class',
    { odd: 'shifted labels', detects: ['below-majority'] },
    { aggregate: ['mean'] },
  ),
];

/** The first example's pixels times 1000. */
function brightened(csv: string): string {
  const [header, first, ...rest] = csv.split('\n');
  const cells = first!.split(',');
  const bright = cells.map((cell, i) =>
    i < cells.length - 1 ? String(1000 * Number(cell)) : cell,
  );
  return [header, bright.join(','), ...rest].join('\n');
}

/** Each example for a source `a` as it is, and for a source `b` with the next class. */
function contradicted(csv: string): string {
  const [header, ...rows] = csv.trimEnd().split('\n');
  const doubled = rows.flatMap((row) => {
    const [pixels, label] = [
      row.slice(0, row.lastIndexOf(',')),
      row.slice(row.lastIndexOf(',') + 1),
    ];
    const next = five[(five.indexOf(Number(label)) + 1) % five.length];
    return [`${pixels},${label},a`, `${pixels},${next},b`];
  });
  return `${[`${header},source`, ...doubled].join('\n')}\n`;
}
