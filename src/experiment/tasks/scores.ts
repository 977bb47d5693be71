/** Values of several tasks on one scale: for each task, method and seed a score between a constant prediction and a perfect one. */
import { formatList } from '../../runs/format.ts';
import { byCreation } from '../../runs/order.ts';
import type { RunSummary } from '../../runs/store.ts';
import { ComparisonError, checkComparable, experimentsOf, metricIn } from '../comparable.ts';
import { evidenceOf, firstPredictions, validatedRun } from '../evidence.ts';
import type { Findings } from '../findings.ts';
import { metricNames } from '../validatedRuns.ts';
import { counted } from '../wording.ts';

export interface Task {
  readonly name: string;
  readonly experiments: readonly { readonly id: string; readonly name: string }[];
  readonly findings: Findings;
}

/** What a perfect model reaches. */
const perfect: Readonly<Record<string, number>> = {
  ...{ accuracy: 1, macroF1: 1, f1: 1, mcc: 1, exactMatch: 1 },
  ...{ pearson: 1, spearman: 1, rmse: 0, mae: 0 },
};

/**
 * @param runs at least one
 * @param wanted a metric of the validations; by default the one that ranks checkpoints
 * @throws ComparisonError if the runs are not of one experiment in all but seeds and methods, or have no such metric
 */
export async function taskOf(runs: readonly RunSummary[], wanted?: string): Promise<Task> {
  checkComparable(runs);
  const validated = await Promise.all([...runs].sort(byCreation).map(validatedRun));
  const metric = metricIn(metricNames(validated), wanted);
  const experiments = experimentsOf(runs);
  const names = [...new Set(experiments.map(({ name, id }) => name || id))];
  const findings = evidenceOf(validated, metric, await firstPredictions(runs));
  return { name: names.join(', '), experiments, findings };
}

/** Of tasks, methods and seeds, in that order of importance: every method has a score for each seed of each task. */
export interface Scores {
  readonly methods: readonly string[];
  readonly tasks: readonly ScoredTask[];
  /** Of each task. */
  readonly seeds: number;
}

export interface ScoredTask extends Task {
  readonly constantPredictor: number;
  readonly perfect: number;
  /** Those that count, of all that every method has a value of. */
  readonly seeds: readonly string[];
  /** How many more every method has a value of: other tasks have fewer. */
  readonly unused: number;
  /** By method, in the order of the seeds. */
  readonly scores: ReadonlyMap<string, readonly number[]>;
}

/**
 * The methods that all tasks have, and of each task as many seeds as the task with the fewest: the first ones, so that their results
 * do not decide which. A score is (value − c)/(b − c), with c what a constant prediction reaches and b a perfect one.
 * @throws ComparisonError for fewer than two tasks, two of one name, a metric without such a scale, no method in all of them, or
 *   fewer than two seeds
 */
export function scoresOf(given: readonly Task[]): Scores {
  const tasks = withDistinctNames(given);
  if (tasks.length < 2) {
    throw new ComparisonError(
      `${counted(tasks.length, 'task')} given. Expected two or more: a config or an experiment for each.`,
    );
  }
  checkDistinct(tasks);
  const [first] = tasks;
  const methods = first!.findings.methods
    .map(({ method }) => method)
    .filter((method) => tasks.every(({ findings }) => hasMethod(method, findings)));
  if (methods.length === 0) {
    const each = tasks.map(({ name, findings }) => {
      const own = findings.methods.map(({ method }) => method);
      return `${name} has ${formatList(own)}`;
    });
    throw new ComparisonError(`no method is in all tasks: ${each.join('; ')}.`);
  }
  const shared = tasks.map(({ findings }) => sharedSeeds(methods, findings));
  const seeds = Math.min(...shared.map(({ length }) => length));
  if (seeds < 2) {
    const { name } = tasks[shared.findIndex(({ length }) => length === seeds)]!;
    throw new ComparisonError(
      `${name} has ${counted(seeds, 'seed')} with a result of ${formatList(methods)}. Expected two or more.`,
    );
  }
  return {
    ...{ methods, seeds },
    tasks: tasks.map((task, i) => scored(task, methods, shared[i]!, seeds)),
  };
}

/** Tasks of one name have the ids of their experiments instead. */
function withDistinctNames(tasks: readonly Task[]): Task[] {
  return tasks.map((task) => {
    const isOwn = tasks.filter(({ name }) => name === task.name).length === 1;
    return isOwn ? task : { ...task, name: task.experiments.map(({ id }) => id).join(', ') };
  });
}

function checkDistinct(tasks: readonly Task[]): void {
  const seen = new Set<string>();
  for (const id of tasks.flatMap(({ experiments }) => experiments.map((it) => it.id))) {
    if (seen.has(id)) throw new ComparisonError(`${id} is in two tasks. Expected it in one.`);
    seen.add(id);
  }
}

function hasMethod(method: string, { methods }: Findings): boolean {
  return methods.some((it) => it.method === method);
}

function sharedSeeds(methods: readonly string[], { runs }: Findings): string[] {
  const seeds = [...new Set(runs.map(({ seed }) => seed))];
  return seeds.filter((seed) =>
    methods.every((method) =>
      runs.some((run) => run.method === method && run.seed === seed && run.value !== null),
    ),
  );
}

function scored(
  task: Task,
  methods: readonly string[],
  shared: readonly string[],
  count: number,
): ScoredTask {
  const { metric, constantPredictor, runs } = task.findings;
  const best = Object.hasOwn(perfect, metric) ? perfect[metric]! : null;
  if (best === null || constantPredictor === null) {
    const why = best === null ? 'has no best value' : 'of a constant prediction is unknown';
    throw new ComparisonError(
      `${task.name}: ${metric} ${why}, so it has no scale in common with other tasks. Expected ${formatList(Object.keys(perfect))}, of runs with predictions. Name another with --metric.`,
    );
  }
  if (best === constantPredictor) {
    throw new ComparisonError(
      `${task.name}: a constant prediction is perfect, as all validation examples have one target. Expected two targets or more.`,
    );
  }
  const seeds = shared.slice(0, count);
  const scoresOfMethod = (method: string) =>
    seeds.map((seed) => {
      const { value } = runs.find((run) => run.method === method && run.seed === seed)!;
      return (value! - constantPredictor) / (best - constantPredictor);
    });
  return {
    ...task,
    ...{ constantPredictor, perfect: best, seeds, unused: shared.length - count },
    scores: new Map(methods.map((method) => [method, scoresOfMethod(method)])),
  };
}
