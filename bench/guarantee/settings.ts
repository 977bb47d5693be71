/** The tasks on which methods are compared, as configs without methods and seeds. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { minilm } from '../../test/python/checkpoints.ts';
import { realData } from '../../test/realData.ts';
import { cache } from '../peers/venv.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Setting {
  readonly name: string;
  readonly title: string;
  /** The metric of the table, and whether more of it is better. */
  readonly metric: string;
  readonly better: 'higher' | 'lower';
  /** What a constant predictor reaches: a run that does no better has failed. */
  readonly baseline: number;
  /** `named`: a group is the same in every step, so that its weights over the steps mean something. */
  readonly groups: 'named' | 'anonymous';
  /** Paths in it are absolute. Null where its data are missing on this machine. */
  config(): Promise<Record<string, unknown> | null>;
}

function example(name: string): Record<string, Record<string, unknown>> {
  const folder = path.join(root, 'examples', name);
  execFileSync(process.execPath, [path.join(folder, 'prepare.ts')], { stdio: 'inherit' });
  const config = parse(readFileSync(path.join(folder, 'grain.yaml'), 'utf8'));
  config.model.from = path.resolve(folder, config.model.from);
  config.data.train = path.resolve(folder, config.data.train);
  config.data.validation = path.resolve(folder, config.data.validation);
  return { ...config, evaluateEvery: config.steps, checkpointEvery: config.steps };
}

const digits = { metric: 'accuracy', better: 'higher', baseline: 0.2 } as const;

export const settings: readonly Setting[] = [
  {
    ...digits,
    name: 'digits-microbatch',
    title: 'digits, 8 micro-batches',
    groups: 'anonymous',
    config: async () => ({ ...example('digits'), groups: { by: 'microbatch', count: 8 } }),
  },
  {
    ...digits,
    name: 'digits-label',
    title: 'digits, groups by label',
    groups: 'named',
    config: async () => ({ ...example('digits'), groups: { by: 'label' } }),
  },
  {
    ...digits,
    name: 'digits-source',
    title: 'digits, groups by source, one of four mislabelled',
    groups: 'named',
    config: async () => example('sources'),
  },
  {
    name: 'stsb-features',
    title: 'STS-B, frozen MiniLM features, 8 micro-batches',
    groups: 'anonymous',
    metric: 'spearman',
    better: 'higher',
    baseline: 0,
    config: stsbFeatures,
  },
];

/** Regression on |u − v| and u·v (element by element) of the sentences' embeddings: an MLP of one hidden layer. */
async function stsbFeatures(): Promise<Record<string, unknown> | null> {
  const source = path.dirname(realData.stsb.train);
  if (!existsSync(source)) return null;
  const folder = path.join(cache, 'guarantee', 'stsb-features');
  if (!existsSync(path.join(folder, 'validation.csv'))) {
    mkdirSync(folder, { recursive: true });
    const script = fileURLToPath(new URL('stsb_features.py', import.meta.url));
    const python = path.join(cache, 'python/bin/python');
    execFileSync(python, [script, await minilm(), source, folder], { stdio: 'inherit' });
  }
  return {
    task: 'regression',
    metric: 'spearman',
    model: { architecture: 'mlp', hidden: [64] },
    data: {
      train: path.join(folder, 'train.csv'),
      validation: path.join(folder, 'validation.csv'),
      target: 'score',
    },
    groups: { by: 'microbatch', count: 8 },
    optimizer: { name: 'adamw', learningRate: 1e-3, warmup: 0.1, decay: 'linear' },
    batchSize: 32,
    steps: 250,
    evaluateEvery: 250,
    checkpointEvery: 250,
    device: 'auto',
  };
}
