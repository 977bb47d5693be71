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
  /** Rules that are to find it. */
  readonly detects: readonly AlarmCode[];
  /** Whether a run of bench/guarantee.ts fails in the same way. */
  isLogged(run: RunSummary): boolean;
  /** Paths are absolute. */
  config(): Record<string, unknown> & { aggregate: readonly unknown[] };
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
    device: 'cpu',
    ...changes,
  });
  return { name, title, detects, config, isLogged: () => false };
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
    'corrupted',
    'one of 4000 examples has pixels 1000 times too bright',
    ['loss-spike'],
    { counts: of(800), spoil: brightened },
    { aggregate: ['mean'] },
  ),
  {
    ...digits(
      'collapsed',
      'the shortest vector with groups by label',
      ['stalled-direction'],
      {},
      { ...label, aggregate: ['grain'], steps: 300 },
    ),
    isLogged: ({ manifest: { aggregation, groups } }) =>
      aggregation.name === 'grain' && groups.by === 'label',
  },
  digits(
    'contradiction',
    'every image twice, with two labels; SGD with momentum, guarded',
    ['guard-stalled'],
    { counts: of(4), spoil: contradicted },
    {
      ...source,
      optimizer: { name: 'sgd', learningRate: 0.1, momentum: 0.9 },
      aggregate: [{ name: 'mean', guard: true }],
    },
  ),
  digits(
    'typo',
    'a class of one example, the shortest vector with groups by label',
    ['few-examples'],
    { counts: [20, 20, 20, 20, 1] },
    { ...label, aggregate: ['grain'] },
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
  digits(
    'shifted',
    'training labels shifted by one class',
    ['below-majority'],
    { odd: 'shifted labels' },
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
    const at = row.lastIndexOf(',');
    const [pixels, label] = [row.slice(0, at), row.slice(at + 1)];
    const next = five[(five.indexOf(Number(label)) + 1) % five.length];
    return [`${pixels},${label},a`, `${pixels},${next},b`];
  });
  return `${[`${header},source`, ...doubled].join('\n')}\n`;
}
