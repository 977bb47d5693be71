/** What a probe of a setting sees, and what its aggregators come to. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { mean } from 'simple-statistics';
import type { Advised, Probe } from '../../src/experiment/probe/result.ts';
import { shadowOf } from '../../src/experiment/probe/shadow.ts';
import { type PairedT, pairedT } from '../../src/experiment/statistics/means.ts';
import { cache } from '../peers/venv.ts';
import { descend, type Task } from './descent.ts';
import type { ProbeSetting } from './settings.ts';

/** Seeds that a probe trains. */
const PROBED = 3;

/** Whether an aggregator beat the mean: its 95 % interval of the paired differences lies above or below zero, or contains it. */
export type Truth = 'gain' | 'loss' | 'no difference shown';

export type Comparison = PairedT & { readonly truth: Truth };

export interface Outcome {
  readonly setting: ProbeSetting;
  readonly experiment: Pick<Probe, 'name' | 'task' | 'groups' | 'metric'>;
  /** Of the mean's runs of the first seeds. */
  readonly probed: Probe['runs'];
  readonly seeds: number;
  /** Mean metric of the mean's runs. */
  readonly mean: number;
  /** Against the mean, above zero for better. */
  readonly against: Readonly<Record<Advised, Comparison>>;
}

/** What is kept of a setting between calls of the bench. */
interface Trained {
  readonly experiment: Outcome['experiment'];
  readonly probed: Probe['runs'];
  /** A metric for each seed. */
  readonly metrics: Readonly<Record<Advised | 'mean', readonly number[]>>;
}

/** Trains the setting unless that was done. Null where its data are missing. */
export async function outcomeOf(setting: ProbeSetting, seeds: number): Promise<Outcome | null> {
  const file = path.join(cache, 'probe', `${setting.name}-${seeds}.json`);
  if (!existsSync(file)) {
    const task = await setting.task();
    if (task === null) return null;
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(train(setting, task, seeds)));
  }
  const { experiment, probed, metrics }: Trained = JSON.parse(readFileSync(file, 'utf8'));
  const against = (aggregator: Advised) =>
    comparison(metrics[aggregator].map((metric, seed) => metric - metrics.mean[seed]!));
  return {
    setting,
    experiment,
    probed,
    seeds,
    mean: mean([...metrics.mean]),
    against: {
      grain: against('grain'),
      'grain-normalized': against('grain-normalized'),
      upgrad: against('upgrad'),
    },
  };
}

function train({ name }: ProbeSetting, task: Task, seeds: number): Trained {
  const isRegression = task.classes === null;
  const metric = { name: isRegression ? 'spearman' : 'accuracy', better: 'higher' } as const;
  const groups = { by: task.groups.by, names: [...task.groups.names] };
  const all = Array.from({ length: seeds }, (_, seed) => seed);
  const ofMean = all.map((seed) => ({ seed, ...descend(task, 'mean', seed) }));
  const metricsOf = (aggregator: Advised) =>
    all.map((seed) => descend(task, aggregator, seed).metric);
  return {
    experiment: { name, task: isRegression ? 'regression' : 'classification', groups, metric },
    probed: ofMean.slice(0, PROBED).flatMap(({ seed, steps, metric }) => {
      const manifest = { seed: { init: seed, order: seed }, groups };
      return shadowOf({ manifest, steps, metric }) ?? [];
    }),
    metrics: {
      mean: ofMean.map(({ metric }) => metric),
      grain: metricsOf('grain'),
      'grain-normalized': metricsOf('grain-normalized'),
      upgrad: metricsOf('upgrad'),
    },
  };
}

function comparison(differences: readonly number[]): Comparison {
  const test = pairedT(differences);
  const { low, high } = test.interval ?? { low: test.difference, high: test.difference };
  return { ...test, truth: low > 0 ? 'gain' : high < 0 ? 'loss' : 'no difference shown' };
}
