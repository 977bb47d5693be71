/** What claims are measured on. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { RunSummary } from '../../runs/store.ts';
import type { Digits, DigitsKind } from './digits.ts';
import { bestNear, scoreOf, searchSeeds } from './learningRate.ts';
import type { ClaimConfig, ClaimRuns, Method } from './trainings.ts';

export interface ClaimSetting {
  /** Of its folder. */
  readonly name: string;
  readonly title: string;
  readonly config: ClaimConfig;
}

/** AdamW with warm-up and linear decay. */
export const warmedUp = { name: 'adamw', learningRate: 1e-3, warmup: 0.1, decay: 'linear' };

/** A network with one hidden layer of 32 units on 360 digits, 120 steps of 32. */
export function onDigits(
  digits: Digits,
  groups: ClaimConfig['groups'],
  kind: Omit<DigitsKind, 'isSourced'> = {},
): ClaimConfig {
  const isSourced = groups.by === 'column:source';
  return {
    task: 'classification',
    model: { architecture: 'mlp', hidden: [32] },
    data: {
      train: digits.train({ ...kind, isSourced }),
      validation: digits.validation(),
      target: 'label',
      scale: 255,
    },
    groups,
    optimizer: { ...warmedUp, learningRate: 1e-2 },
    batchSize: 32,
    ...once(120),
  };
}

/** An MLP of one hidden layer on features of pairs of sentences, with micro-batches of 4. @param data paths of both tables */
export function onPairs(
  data: ClaimConfig['data'],
  changes: Partial<ClaimConfig> = {},
): ClaimConfig {
  return {
    model: { architecture: 'mlp', hidden: [64] },
    data: { ...(data as object), target: 'score' },
    groups: { by: 'microbatch', count: 8 },
    optimizer: warmedUp,
    batchSize: 32,
    ...once(250),
    device: 'auto',
    ...changes,
  };
}

export const regressionOnPairs = { task: 'regression', metric: 'spearman' };

/** LoRA of a small causal language model on problems and their answers, in micro-batches of 2. @param folder of both files and the checkpoint */
export function onProblems(folder: string): ClaimConfig {
  return {
    task: 'generation',
    model: { from: path.join(folder, 'checkpoint'), adapter: { lora: { rank: 8 } } },
    data: {
      train: path.join(folder, 'train.jsonl'),
      validation: path.join(folder, 'validation.jsonl'),
      prompt: 'Question: {question}\nAnswer:\n',
      target: 'answer',
      maxLength: 256,
      // Answers are not compared: generating takes longer than the training.
      maxNewTokens: 1,
    },
    groups: { by: 'microbatch', count: 4 },
    optimizer: { ...warmedUp, learningRate: 3e-3 },
    batchSize: 8,
    ...once(40),
  };
}

/** Validated and saved at the end. */
function once(steps: number) {
  return { steps, evaluateEvery: steps, checkpointEvery: steps };
}

/** Paths of features of a task's pairs in the folder of data that no package carries; `null` if they are not there. */
export function pairsIn(folder: string | null, task: 'stsb' | 'rte') {
  if (folder === null) return null;
  const file = (part: string) => path.resolve(folder, `${task}-features`, `${part}.csv`);
  const data = { train: file('train'), validation: file('validation') };
  return Object.values(data).every((it) => existsSync(it)) ? data : null;
}

/** The folder of problems in that of data that no package carries; `null` if it is not there. */
export function problemsIn(folder: string | null): string | null {
  const problems = folder === null ? null : path.resolve(folder, 'gsm8k');
  return problems !== null && existsSync(path.join(problems, 'checkpoint')) ? problems : null;
}

/** A sentence on what is missing, if anything is. @param missing what the data would be for */
export function notMeasured(missing: readonly string[]): string[] {
  if (missing.length === 0) return [];
  return [
    `Not measured here: ${missing.join('; ')}. Give --data FOLDER: docs/claims.md says what belongs in it.`,
  ];
}

export const mean: Method = { name: 'mean', entry: 'mean' };
export const grain: Method = { name: 'grain', entry: 'grain' };
export const grainLayerwise: Method = { name: 'grain-layerwise', entry: 'grain-layerwise' };
export const grainNormalized: Method = { name: 'grain-normalized', entry: 'grain-normalized' };
export const meanNormMatched: Method = { name: 'mean-norm-matched', entry: 'mean-norm-matched' };
/** What a shorter, a normalised or a bounded step does without GRAIN's direction. */
export const controls: readonly Method[] = [
  meanNormMatched,
  { name: 'normalized-mean', entry: 'normalized-mean' },
  { name: 'mean, clipped', entry: 'mean', optimizer: { maxGradNorm: 1 } },
];

/** Runs of a method at the learning rate that the search found best for it. */
export async function tunedRuns(
  runs: ClaimRuns,
  { name, config }: ClaimSetting,
  method: Method,
  seeds: readonly number[],
): Promise<{ readonly rate: number; readonly runs: readonly RunSummary[] }> {
  const training = { setting: name, config, methods: [method] };
  const own = Number(config.optimizer.learningRate);
  const rate = await bestNear(own, async (learningRate) => {
    const tried = await runs.of({ ...training, learningRate }, searchSeeds);
    const better = tried[0]?.manifest.metric.better ?? 'higher';
    return scoreOf(tried.map(finalMetric), better);
  });
  return { rate, runs: await runs.of({ ...training, learningRate: rate }, seeds) };
}

/** The ranking metric at the end; NaN of a run that failed. */
export function finalMetric({ status, lastMetric }: RunSummary): number {
  return status === 'finished' ? (lastMetric?.value ?? Number.NaN) : Number.NaN;
}
