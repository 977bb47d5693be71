/**
 * Which ways of keeping a fitted group from shortening the direction are worth an aggregator of their own, beside those that the
 * engine has: small networks in float64, each method at the learning rate that the same search found best for it.
 * `node bench/candidates.ts [--seeds 20] [--tasks 'a;b']` writes the tables of docs/candidates.md.
 *
 * What a method came to on a task stays in .cache/candidates: a bench that was stopped continues where it was.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bestNear, scoreOf, searchSeeds } from '../src/experiment/claims/learningRate.ts';
import { type Candidate, candidates } from './candidates/methods.ts';
import { courseOf, type Outcome } from './guarantee/outcome.ts';
import { type Result, tableOf } from './guarantee/table.ts';
import { cache } from './peers/venv.ts';
import { descend, type Task } from './probe/descent.ts';
import { settings } from './probe/settings.ts';
import { circumstances, writeFigures } from './readme.ts';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '20' }, tasks: { type: 'string' } },
});
const docs = fileURLToPath(new URL('../docs/candidates.md', import.meta.url));
const seeds = Array.from({ length: Number(values.seeds) }, (_, seed) => seed);

/** Settings of the probe's bench, and what a constant prediction reaches there, or hardly more. */
const tasks = {
  'digits-microbatch-8': 0.25,
  'digits-label-5': 0.25,
  'digits-source-random': 0.25,
  'stsb-microbatch-8': 0.1,
};

for (const [name, baseline] of Object.entries(tasks)) {
  if (values.tasks && !values.tasks.split(';').includes(name)) continue;
  const setting = settings.find((other) => other.name === name)!;
  const task = await setting.task();
  if (task === null) {
    console.error(`${setting.title}: its data are missing on this machine`);
    continue;
  }
  const possible = candidates.filter(
    ({ microbatches }) => microbatches === undefined || task.groups.by === 'microbatch',
  );
  const results: Result[] = [];
  for (const candidate of possible) {
    results.push(await resultOf(name, candidate, task));
    console.error(`${setting.title}, ${candidate.name}`);
  }
  const metric = task.classes ? 'accuracy' : 'spearman';
  const groups = task.groups.by === 'microbatch' ? 'anonymous' : 'named';
  const table = tableOf({ metric, better: 'higher', baseline, groups }, results);
  console.log(`\n${setting.title}\n\n${table}`);
  writeFigures(name, `${circumstances()}\n\n${table}`, docs);
}

/** Trains the candidate unless that was done. */
async function resultOf(name: string, candidate: Candidate, task: Task): Promise<Result> {
  const folder = path.join(cache, 'candidates', name);
  const file = path.join(folder, `${candidate.name.replaceAll(/\W+/g, '-')}-${seeds.length}.json`);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, JSON.stringify(await train(candidate, task)));
  }
  const { rate, outcomes } = JSON.parse(readFileSync(file, 'utf8')) as Trained;
  return {
    method: candidate.name,
    rate,
    outcomes: outcomes.map((outcome) => ({
      ...outcome,
      metric: outcome.metric ?? Number.NaN,
      weights: new Map(outcome.weights),
    })),
  };
}

/** As JSON. */
interface Trained {
  readonly rate: number;
  readonly outcomes: readonly (Omit<Outcome, 'metric' | 'weights'> & {
    readonly metric: number | null;
    readonly weights: readonly (readonly [string, number])[];
  })[];
}

async function train(candidate: Candidate, task: Task): Promise<Trained> {
  const { microbatches = task.groups.names.length } = candidate;
  const names = task.groups.names.slice(0, microbatches);
  const run = (rate: number, seed: number) => {
    const optimizer = { ...task.optimizer, learningRate: rate };
    const groups = { ...task.groups, names };
    return descend({ ...task, optimizer, groups }, candidate.method(), seed);
  };
  const rate = await bestNear(task.optimizer.learningRate, (rate) =>
    scoreOf(
      searchSeeds.map((seed) => run(rate, seed).metric),
      'higher',
    ),
  );
  const outcomes = seeds.map((seed) => {
    const { metric, steps } = run(rate, seed);
    const { weights, ...course } = courseOf(steps, names);
    return { seed, metric, ...course, weights: [...weights] };
  });
  return { rate, outcomes };
}
