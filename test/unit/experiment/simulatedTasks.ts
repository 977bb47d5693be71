import { findingsOf } from '../../../src/experiment/findings.ts';
import type { Task } from '../../../src/experiment/tasks/scores.ts';

interface Options {
  readonly metric?: string;
  readonly constantPredictor?: number | null;
}

/** @param values by method, in the order of the seeds; `null` for a run that was stopped */
export function taskWith(
  name: string,
  values: Readonly<Record<string, readonly (number | null)[]>>,
  { metric = 'accuracy', constantPredictor = 0 }: Options = {},
): Task {
  const results = Object.entries(values).flatMap(([method, all]) =>
    all.map((value, seed) => ({
      ...{ run: `${name}-${method}-${seed}`, method, seed: String(seed), value, reason: null },
      status: value === null ? ('stopped' as const) : ('finished' as const),
      ...{ counts: value !== null, failed: value === constantPredictor },
    })),
  );
  const better = metric === 'rmse' ? 'lower' : 'higher';
  const about = { metric, better, constantPredictor, isCrossed: false, looks: null } as const;
  return {
    ...{ name, experiments: [{ id: name, name }] },
    findings: findingsOf({ ...about, results, validation: null }),
  };
}

/** @param scores by method: of tasks, each a score for each seed */
export function tasksFrom(
  scores: Readonly<Record<string, readonly (readonly number[])[]>>,
): Task[] {
  const [first] = Object.values(scores);
  return first!.map((_, task) => {
    const own = Object.entries(scores).map(([name, block]) => [name, block[task]!]);
    return taskWith(`task${task}`, Object.fromEntries(own));
  });
}

/** Three tasks with spreads 1 : 2 : 4, seeds that correlate by a half, and scores around 0. @param difference in spreads of a task */
export function simulatedTasks(seeds: number, normal: () => number, difference = 0): Task[] {
  const blocks: Record<'one' | 'mean', number[][]> = { one: [], mean: [] };
  for (const spread of [0.5, 1, 2]) {
    const shared = Array.from({ length: seeds }, normal);
    const scores = (shift: number) =>
      shared.map((of) => spread * ((of + normal()) / Math.SQRT2 + shift));
    blocks.one.push(scores(difference));
    blocks.mean.push(scores(0));
  }
  return tasksFrom(blocks);
}
