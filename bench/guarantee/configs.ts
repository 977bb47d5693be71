/** What settings train on: configs of the examples and of small tasks made from public data. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { onPairs, regressionOnPairs, warmedUp } from '../../src/experiment/claims/settings.ts';
import type { ClaimConfig } from '../../src/experiment/claims/trainings.ts';
import { minilm } from '../../test/python/checkpoints.ts';
import { realData } from '../../test/realData.ts';
import { cache } from '../peers/venv.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const prepared = new Map<string, ClaimConfig>();

/** An example's config, its data prepared. */
export function example(name: string): ClaimConfig {
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
export function smallDigits(): ClaimConfig {
  return withSmallNetwork(example('digits'));
}

/** A network on the pixels instead of the pretrained convolutions: a run takes a third of the time. */
export function withSmallNetwork(
  { model: _, ...config }: ClaimConfig,
  hidden: readonly number[] = [32],
): ClaimConfig {
  const data = Object.entries(config.data as object).filter(([key]) => key !== 'image');
  const model = { architecture: 'mlp', hidden };
  return { ...config, model, data: Object.fromEntries(data) } as ClaimConfig;
}

export function inMicrobatches(config: ClaimConfig): ClaimConfig {
  return { ...config, groups: { by: 'microbatch', count: 8 } };
}

export function byLabel(config: ClaimConfig): ClaimConfig {
  return { ...config, groups: { by: 'label' } };
}

export async function stsb({
  pairs,
  ...changes
}: Partial<ClaimConfig> & { readonly pairs?: number } = {}): Promise<ClaimConfig | null> {
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
  return onPairs(data, { ...regressionOnPairs, ...changes });
}

export async function rte(): Promise<ClaimConfig | null> {
  const columns = { columns: '3,1,2', header: 1, count: 500 };
  const train = await pairFeatures('rte', 'train', realData.rte.train, columns);
  const validation = await pairFeatures('rte', 'validation', realData.rte.validation, columns);
  return train && validation ? onPairs({ train, validation }) : null;
}

/**
 * MiniLM with LoRA in its last two blocks, on whether one of few sentences of the STS benchmark is from a caption or from the news.
 * Null without the data.
 */
export async function genre(): Promise<ClaimConfig | null> {
  const { train, validation } = realData.stsb;
  if (!existsSync(train) || !existsSync(validation)) return null;
  return {
    task: 'classification',
    model: { from: await minilm(), head: 'new', freeze: 4, adapter: { lora: { rank: 8 } } },
    data: {
      train: sentences(train, 'train', 32),
      validation: sentences(validation, 'validation', 100),
      text: 'sentence',
      target: 'genre',
    },
    groups: { by: 'microbatch', count: 4 },
    optimizer: { ...warmedUp, learningRate: 3e-3 },
    batchSize: 8,
    steps: 20,
    evaluateEvery: 20,
    checkpointEvery: 20,
    device: 'auto',
  };
}

/** Path of a TSV file with the genre and the first sentence of so many pairs, half of each genre, evenly spaced in the source. */
function sentences(source: string, part: string, count: number): string {
  const file = path.join(cache, 'guarantee', 'genre', `${part}.tsv`);
  if (existsSync(file)) return file;
  const rows = readFileSync(source, 'utf8')
    .split('\n')
    .map((line) => line.split('\t'));
  const chosen = ['main-captions', 'main-news'].flatMap((genre) => {
    const of = rows.filter(([name]) => name === genre);
    return Array.from(
      { length: count / 2 },
      (_, i) => of[Math.floor((2 * i * of.length) / count)]!,
    );
  });
  mkdirSync(path.dirname(file), { recursive: true });
  const lines = chosen.map((cells) => `${cells[0]}\t${cells[5]}`);
  writeFileSync(file, `${['genre\tsentence', ...lines].join('\n')}\n`);
  return file;
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
