/** Runs that are made to fail, each in the way that a rule is to find. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { AlarmCode } from '../../src/config/alarms.ts';
import type { RunSummary } from '../../src/runs/store.ts';
import { cache } from '../peers/venv.ts';
import { type DigitsTask, digitsFiles } from '../probe/digits.ts';

export interface FailingSetting {
  readonly name: string;
  /** What is wrong with the runs. */
  readonly title: string;
  /** Number of seeds, if not that of the others. */
  readonly seeds?: number;
  /** True: of these runs only those that failed where their siblings did not. */
  readonly alone?: true;
  /** Rules that are to find it. */
  readonly detects: readonly AlarmCode[];
  /** Whether a run of bench/guarantee.ts fails in the same way. */
  isLogged?(run: RunSummary): boolean;
  /** Such a run with a manifest that is false; null if that would not be wrong. */
  claim?(run: RunSummary): RunSummary | null;
  /** Paths are absolute; null if nothing is trained for it. */
  config(): (Record<string, unknown> & { aggregate: readonly unknown[] }) | null;
}

interface Task extends Partial<DigitsTask> {
  /** What else is wrong with the training data. */
  readonly spoil?: (csv: string) => string;
}

export function folderOf({ name }: { readonly name: string }): string {
  return path.join(cache, 'alarms', name);
}

const five = [5, 6, 7, 8, 9];
const of = (each: number) => five.map(() => each);
const clean: DigitsTask = { classes: five, counts: of(20), sources: 1, noise: [] };
const label = { groups: { by: 'label' } };
const source = { groups: { by: 'column:source' } };

/** A network of one hidden layer on 14×14 images of five digits. */
function digits(
  name: string,
  title: string,
  detects: readonly AlarmCode[],
  task: Task,
  { data, ...changes }: Record<string, unknown> & { readonly aggregate: readonly unknown[] },
): FailingSetting {
  const config = () => ({
    name,
    task: 'classification',
    model: { architecture: 'mlp', hidden: [32] },
    data: { ...filesOf(name, task), target: 'label', ...(data as object) },
    groups: { by: 'microbatch', count: 8 },
    optimizer: { name: 'adamw', learningRate: 3e-3, warmup: 0.1, decay: 'linear' },
    batchSize: 40,
    steps: 200,
    evaluateEvery: 50,
    checkpointEvery: 200,
    device: 'wasm',
    ...changes,
  });
  return { name, title, detects, config };
}

/** Made on first use. */
function filesOf(name: string, { spoil, ...task }: Task): { train: string; validation: string } {
  const folder = folderOf({ name });
  const [train, validation] = [path.join(folder, 'train.csv'), path.join(folder, 'validation.csv')];
  if (!existsSync(validation)) {
    const files = digitsFiles({ ...clean, ...task });
    mkdirSync(folder, { recursive: true });
    writeFileSync(train, spoil ? spoil(files.train) : files.train);
    writeFileSync(validation, files.validation);
  }
  return { train, validation };
}

export const settings: readonly FailingSetting[] = [
  digits(
    'exploding',
    'AdamW at a learning rate of 100',
    ['exploding-loss'],
    {},
    { optimizer: { name: 'adamw', learningRate: 100 }, aggregate: ['mean'] },
  ),
  digits(
    'outlier',
    'a regression; in 5 of 100 examples a pixel is 10²⁰',
    ['non-finite'],
    { spoil: withOutliers },
    { task: 'regression', model: { architecture: 'mlp', hidden: [] }, aggregate: ['mean'] },
  ),
  digits(
    'corrupted',
    'one of 4000 examples has pixels multiplied by −1000',
    ['loss-spike'],
    { counts: of(800), spoil: corrupted },
    { aggregate: ['mean'] },
  ),
  digits(
    'dead',
    'three hidden layers; SGD with momentum at a learning rate of 1',
    ['vanishing-gradients'],
    {},
    {
      model: { architecture: 'mlp', hidden: [32, 32, 32] },
      optimizer: { name: 'sgd', learningRate: 1, momentum: 0.9 },
      aggregate: ['mean'],
    },
  ),
  {
    ...digits(
      'collapsed',
      'the shortest vector with groups by label',
      ['stalled-direction'],
      {},
      { ...label, aggregate: ['grain'], steps: 300 },
    ),
    isLogged: (run) => isOf(run, 'grain'),
  },
  digits(
    'contradiction',
    'every image with each of the five labels, a source for each label; guarded',
    ['guard-stalled'],
    { counts: of(4), spoil: contradicted },
    { ...source, batchSize: 100, aggregate: [{ name: 'mean', guard: true }] },
  ),
  {
    name: 'planted',
    title: 'logs of the mean’s runs with groups by label that claim to be of the shortest vector',
    detects: ['guarantee-violated'],
    config: () => null,
    claim: (run) => (isOf(run, 'mean') ? claiming(run, 'grain') : null),
  },
  digits(
    'overshot',
    'SGD with momentum 0.99 at a constant learning rate of 0.3',
    ['update-conflict'],
    {},
    { optimizer: { name: 'sgd', learningRate: 0.3, momentum: 0.99 }, aggregate: ['mean'] },
  ),
  digits(
    'copies',
    'one of 3 sources has the same image 20 times, the shortest vector',
    ['dominant-group'],
    { sources: 2, spoil: withCopies },
    { ...source, aggregate: ['grain'] },
  ),
  digits(
    'typo',
    'one of two classes has one example, grain-normalized with groups by label',
    ['few-examples'],
    { classes: [5, 6], counts: [20, 1] },
    { ...label, batchSize: 21, aggregate: ['grain-normalized'] },
  ),
  digits(
    'mislabelled',
    'one of 4 sources with random labels, the shortest vector',
    ['starved-group'],
    { sources: 4, noise: [1] },
    { ...source, aggregate: ['grain'], steps: 300 },
  ),
  digits(
    'blind',
    'inputs divided by 10⁹',
    ['constant-predictions'],
    {},
    { data: { scale: 1e9 }, aggregate: ['mean'] },
  ),
  {
    ...digits(
      'unlucky',
      'a seed that failed where others did not, at learning rates that are too high',
      ['seed-apart'],
      {},
      {
        model: { architecture: 'mlp', hidden: [32, 32, 32] },
        optimizer: { name: 'sgd', learningRate: 0.25, momentum: 0.9 },
        aggregate: ['mean'],
      },
    ),
    seeds: 20,
    alone: true,
    isLogged: ({ manifest }) => manifest.experiment.name === 'stsb-high-rate',
  },
  digits(
    'shifted',
    'training labels shifted by one class',
    ['below-majority'],
    { odd: 'shifted labels' },
    { aggregate: ['mean'] },
  ),
];

/** Of bench/guarantee.ts, with that aggregator and groups by label. */
function isOf({ manifest: { aggregation, groups } }: RunSummary, aggregator: string): boolean {
  return aggregation.name === aggregator && groups.by === 'label';
}

function claiming(run: RunSummary, aggregator: string): RunSummary {
  const aggregation = { ...run.manifest.aggregation, name: aggregator };
  return { ...run, manifest: { ...run.manifest, aggregator, aggregation } };
}

/** The first example's pixels times −1000. */
function corrupted(csv: string): string {
  const [header, first, ...rest] = csv.split('\n');
  const cells = first!.split(',');
  const bright = cells.map((cell, i) =>
    i < cells.length - 1 ? String(-1000 * Number(cell)) : cell,
  );
  return [header, bright.join(','), ...rest].join('\n');
}

/** Each of the first five examples has another pixel of 10²⁰. */
function withOutliers(csv: string): string {
  const [header, ...rows] = csv.split('\n');
  const spoilt = rows.slice(0, 5).map((row, pixel) => row.split(',').with(pixel, '1e20').join(','));
  return [header, ...spoilt, ...rows.slice(5)].join('\n');
}

/** With a source more that has the first example only, 20 times. */
function withCopies(csv: string): string {
  const [, first] = csv.split('\n');
  const copy = [...first!.split(',').slice(0, -1), 'copies'].join(',');
  return `${csv.trimEnd()}\n${Array(20).fill(copy).join('\n')}\n`;
}

/** Each example once for every class, which is its source too. */
function contradicted(csv: string): string {
  const [header, ...rows] = csv.trimEnd().split('\n');
  const all = rows.flatMap((row) => {
    const pixels = row.slice(0, row.lastIndexOf(','));
    return five.map((label) => `${pixels},${label},of ${label}`);
  });
  return `${[`${header},source`, ...all].join('\n')}\n`;
}
