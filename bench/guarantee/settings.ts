/** The tasks on which methods are compared. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { minilm } from '../../test/python/checkpoints.ts';
import { realData } from '../../test/realData.ts';
import { cache } from '../peers/venv.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A config without methods and seeds; paths in it are absolute. */
export interface Config {
  readonly groups: Readonly<Record<string, unknown>>;
  readonly optimizer: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

export interface Setting {
  readonly name: string;
  readonly title: string;
  /** The metric of the table, and whether more of it is better. */
  readonly metric: string;
  readonly better: 'higher' | 'lower';
  /** A run that does no better has failed: what a constant prediction reaches, or hardly more. */
  readonly baseline: number;
  /** `named`: a group is the same in every step, so that its weights over the steps mean something. */
  readonly groups: 'named' | 'anonymous';
  /** Names of the methods to compare. */
  readonly methods: readonly string[];
  /** False: every method has the config's learning rate. */
  readonly tuned?: false;
  /** Null where its data are missing on this machine. */
  config(): Promise<Config | null>;
}

const fewMethods = ['mean', 'grain', 'grain-normalized', 'upgrad'];
const guardedToo = [...fewMethods, 'mean, guarded'];
const manyMethods = [
  ...guardedToo,
  'mean-norm-matched',
  'grain, preconditioned',
  'mean, guarded with slack 0.1',
  'grain, smoothing 0.9',
  'grain, 4 groups',
  'grain, 2 groups',
];
const pairsOptimizer = { name: 'adamw', learningRate: 1e-3, warmup: 0.1, decay: 'linear' };
const accuracy = { metric: 'accuracy', better: 'higher', baseline: 0.2 } as const;
const spearman = {
  metric: 'spearman',
  better: 'higher',
  baseline: 0.1,
  groups: 'anonymous',
} as const;

export const settings: readonly Setting[] = [
  {
    ...accuracy,
    name: 'mlp-microbatch',
    title: 'digits, 8 micro-batches',
    groups: 'anonymous',
    methods: manyMethods,
    config: async () => withSmallNetwork(inMicrobatches(example('digits'))),
  },
  {
    ...accuracy,
    name: 'mlp-label',
    title: 'digits, groups by label',
    groups: 'named',
    methods: manyMethods,
    config: async () => withSmallNetwork(byLabel(example('digits'))),
  },
  {
    ...accuracy,
    name: 'mlp-source',
    title: 'digits, groups by source, one of four mislabelled',
    groups: 'named',
    methods: manyMethods,
    config: async () => withSmallNetwork(example('sources')),
  },
  {
    ...spearman,
    name: 'stsb-tuned',
    title: 'STS-B, 500 pairs',
    methods: manyMethods,
    config: () => stsb(),
  },
  {
    ...spearman,
    name: 'stsb-few-tuned',
    title: 'STS-B, 64 pairs',
    methods: guardedToo,
    config: () => stsb({ pairs: 64 }),
  },
  {
    ...spearman,
    name: 'stsb-low-rate',
    title: 'STS-B, 500 pairs, a learning rate that is too low',
    methods: [...guardedToo, 'mean-norm-matched'],
    tuned: false,
    config: () => stsb({ optimizer: { ...pairsOptimizer, learningRate: 3e-4 } }),
  },
  {
    ...spearman,
    name: 'stsb-high-rate',
    title: 'STS-B, 500 pairs, a learning rate that is too high',
    methods: [...guardedToo, 'mean-norm-matched'],
    tuned: false,
    config: () => stsb({ optimizer: { name: 'adamw', learningRate: 1e-2 } }),
  },
  {
    ...accuracy,
    name: 'rte-tuned',
    title: 'RTE, 500 pairs',
    groups: 'anonymous',
    baseline: 0.53,
    methods: fewMethods,
    config: rte,
  },
  {
    ...spearman,
    name: 'stsb-features',
    title: 'STS-B, 500 pairs, at 1e-3',
    methods: guardedToo,
    tuned: false,
    config: () => stsb(),
  },
  {
    ...accuracy,
    name: 'digits-microbatch',
    title: 'examples/digits, 8 micro-batches',
    groups: 'anonymous',
    methods: [
      ...guardedToo,
      'mean-norm-matched',
      'grain, preconditioned',
      'grain, guarded',
      'grain-normalized, guarded',
    ],
    tuned: false,
    config: async () => inMicrobatches(example('digits')),
  },
  {
    ...accuracy,
    name: 'digits-label',
    title: 'examples/digits, groups by label',
    groups: 'named',
    methods: [...guardedToo, 'grain-layerwise', 'grain-streaming'],
    tuned: false,
    config: async () => byLabel(example('digits')),
  },
  {
    ...accuracy,
    name: 'digits-source',
    title: 'examples/sources, one of four mislabelled',
    groups: 'named',
    methods: guardedToo,
    tuned: false,
    config: async () => example('sources'),
  },
];

const prepared = new Map<string, Config>();

/** An example's config, its data prepared. */
function example(name: string): Config {
  const known = prepared.get(name);
  if (known) return known;
  const folder = path.join(root, 'examples', name);
  execFileSync(process.execPath, [path.join(folder, 'prepare.ts')], { stdio: 'inherit' });
  const config = parse(readFileSync(path.join(folder, 'grain.yaml'), 'utf8'));
  config.model.from = path.resolve(folder, config.model.from);
  config.data.train = path.resolve(folder, config.data.train);
  config.data.validation = path.resolve(folder, config.data.validation);
  const once = { ...config, evaluateEvery: config.steps, checkpointEvery: config.steps };
  prepared.set(name, once);
  return once;
}

/** The digits example with a small new network, for what needs many runs. */
export function smallDigits(): Config {
  return withSmallNetwork(example('digits'));
}

/** One hidden layer on the pixels instead of the pretrained convolutions: a run takes a third of the time. */
function withSmallNetwork({ model: _, ...config }: Config): Config {
  const data = Object.entries(config.data as object).filter(([key]) => key !== 'image');
  const model = { architecture: 'mlp', hidden: [32] };
  return { ...config, model, data: Object.fromEntries(data) } as Config;
}

function inMicrobatches(config: Config): Config {
  return { ...config, groups: { by: 'microbatch', count: 8 } };
}

function byLabel(config: Config): Config {
  return { ...config, groups: { by: 'label' } };
}

/** An MLP of one hidden layer on features of pairs of sentences, with micro-batches of 4. */
function onPairs(data: Config['data'], changes: Partial<Config> = {}): Config {
  return {
    model: { architecture: 'mlp', hidden: [64] },
    data: { ...(data as object), target: 'score' },
    groups: { by: 'microbatch', count: 8 },
    optimizer: pairsOptimizer,
    batchSize: 32,
    steps: 250,
    evaluateEvery: 250,
    checkpointEvery: 250,
    device: 'auto',
    ...changes,
  };
}

async function stsb({
  pairs,
  ...changes
}: Partial<Config> & { readonly pairs?: number } = {}): Promise<Config | null> {
  const columns = { columns: '4,5,6', header: 0 };
  const train = await pairFeatures('stsb', 'train', realData.stsb.train, {
    ...columns,
    count: 500,
  });
  const validation = await pairFeatures('stsb', 'validation', realData.stsb.validation, {
    ...columns,
    count: 700,
  });
  if (train === null || validation === null) return null;
  const data = { train: pairs === undefined ? train : firstRows(train, pairs), validation };
  return onPairs(data, { task: 'regression', metric: 'spearman', ...changes });
}

async function rte(): Promise<Config | null> {
  const columns = { columns: '3,1,2', header: 1, count: 500 };
  const train = await pairFeatures('rte', 'train', realData.rte.train, columns);
  const validation = await pairFeatures('rte', 'validation', realData.rte.validation, columns);
  return train && validation ? onPairs({ train, validation }) : null;
}

/** Path of the features, made once: |u − v| and u·v (element by element) of the sentences' embeddings. Null without the data. */
async function pairFeatures(
  task: string,
  part: string,
  source: string,
  { columns, header, count }: { columns: string; header: number; count: number },
): Promise<string | null> {
  if (!existsSync(source)) return null;
  const file = path.join(cache, 'guarantee', `${task}-features`, `${part}.csv`);
  if (!existsSync(file)) {
    mkdirSync(path.dirname(file), { recursive: true });
    const script = fileURLToPath(new URL('pair_features.py', import.meta.url));
    const python = path.join(cache, 'python/bin/python');
    const selection = [columns, String(header), String(count)];
    const args = [script, await minilm(), source, ...selection, file];
    execFileSync(python, args, { stdio: 'inherit' });
  }
  return file;
}

/** Path of a file with the header and the first rows of a CSV file without quoted line ends. */
function firstRows(file: string, count: number): string {
  const lines = readFileSync(file, 'utf8').split('\n');
  const target = file.replace('.csv', `-${count}.csv`);
  writeFileSync(target, `${lines.slice(0, count + 1).join('\n')}\n`);
  return target;
}
