/** What methods reach over several tasks together, as scores between a constant prediction (0) and a perfect one (1). */
import { mean, median } from 'simple-statistics';
import * as z from 'zod';
import {
  type Finding,
  findingFrom,
  findingSchema,
  intervalSchema,
  isSmall,
} from '../comparison.ts';
import { probabilityOfImprovement } from '../statistics/effects.ts';
import { holm } from '../statistics/holm.ts';
import { ALPHA, contains, type Interval } from '../statistics/interval.ts';
import { signFlipP, smallestP } from '../statistics/permutation.ts';
import { stratifiedBootstrap, stratifiedMean } from '../statistics/stratified.ts';
import { interquartileMean } from '../statistics/summary.ts';
import type { Scores } from './scores.ts';

const tasksMethodSchema = z.object({
  method: z.string(),
  /** Mean of the tasks' means, with Student's interval over seeds. */
  mean: z.number(),
  meanInterval: intervalSchema.nullable(),
  /** Mean of the middle half of the scores of all tasks; its interval, as those below, of the bootstrap within tasks. */
  iqm: z.number(),
  iqmInterval: intervalSchema,
  /** Median of the tasks' means. */
  median: z.number(),
  medianInterval: intervalSchema,
  /** Mean score on each task. */
  byTask: z.array(z.number()),
});

const tasksComparisonSchema = z.object({
  one: z.string(),
  other: z.string(),
  finding: findingSchema,
  /** Of the means, one − other. */
  difference: z.number(),
  interval: intervalSchema.nullable(),
  p: z.number().nullable(),
  /** p after Holm's correction over the comparisons. */
  adjusted: z.number().nullable(),
  permutationP: z.number(),
  iqmDifference: z.number(),
  iqmInterval: intervalSchema,
  /** That a run of one is better than one of the other on the same task: mean over tasks. */
  probabilityOfImprovement: z.number(),
  probabilityInterval: intervalSchema,
  /** Difference of the means on each task. */
  byTask: z.array(z.number()),
});

export const tasksFindingsSchema = z.object({
  methods: z.array(tasksMethodSchema),
  comparisons: z.array(tasksComparisonSchema),
});

export type TasksFindings = z.infer<typeof tasksFindingsSchema>;
export type TasksComparison = TasksFindings['comparisons'][number];

/** Of one method: for each task a score for each seed. */
type Block = readonly (readonly number[])[];

export function tasksFindingsOf(scores: Scores): TasksFindings {
  const { methods, tasks, seeds } = scores;
  const blocks = new Map(
    methods.map((method) => [method, tasks.map((task) => task.scores.get(method)!)]),
  );
  // Which method is compared with which is as within a task.
  const pairs = tasks[0]!.findings.comparisons.filter(
    ({ one, other }) => blocks.has(one) && blocks.has(other),
  );
  const compared = pairs.map(({ one, other }) =>
    compare({ one, other }, blocks.get(one)!, blocks.get(other)!),
  );
  const adjusted = holm(compared.map(({ p }) => p));
  // Tests take seeds to be independent, and their number to have been decided before.
  const isPlain = tasks.every(({ findings }) => !findings.isCrossed && findings.looks === null);
  return {
    methods: methods.map((method) => figuresOf(method, blocks.get(method)!)),
    comparisons: compared.map((comparison, i) => {
      const figures = { ...comparison, adjusted: adjusted[i]! };
      const finding = findingOf(figures, tasks.length * seeds);
      return { ...figures, finding: finding === 'shown' && !isPlain ? 'hinted' : finding };
    }),
  };
}

function figuresOf(method: string, block: Block): TasksFindings['methods'][number] {
  const { mean, interval: meanInterval } = stratifiedMean(block);
  const figures = (of: Block) => [interquartileMean(of.flat()), median(meansOf(of))] as const;
  const [iqm, middle] = figures(block);
  const [iqmInterval, medianInterval] = bootstrapped(block, (places) =>
    figures(drawn(block, places)),
  );
  return {
    ...{ method, mean, meanInterval, iqm, iqmInterval: iqmInterval! },
    ...{ median: middle, medianInterval: medianInterval!, byTask: meansOf(block) },
  };
}

function compare(
  names: Pick<TasksComparison, 'one' | 'other'>,
  one: Block,
  other: Block,
): Omit<TasksComparison, 'finding' | 'adjusted'> {
  const differences = one.map((scores, task) => scores.map((score, i) => score - other[task]![i]!));
  const { mean: difference, interval, p } = stratifiedMean(differences);
  const permutationP = signFlipP(differences.flat());
  const figures = (a: Block, b: Block) => [
    interquartileMean(a.flat()) - interquartileMean(b.flat()),
    mean(a.map((scores, task) => probabilityOfImprovement(scores, b[task]!, 'higher'))),
  ];
  const [iqmDifference, probability] = figures(one, other);
  // The same seeds for both, as they correlate.
  const [iqmInterval, probabilityInterval] = bootstrapped(one, (places) =>
    figures(drawn(one, places), drawn(other, places)),
  );
  return {
    ...{ ...names, difference, interval, p: p ?? permutationP, permutationP },
    ...{ iqmDifference: iqmDifference!, iqmInterval: iqmInterval! },
    ...{ probabilityOfImprovement: probability!, probabilityInterval: probabilityInterval! },
    byTask: meansOf(differences),
  };
}

/** @param pairs of scores, over all tasks */
function findingOf(figures: Omit<TasksComparison, 'finding'>, pairs: number): Finding {
  const { difference, p, adjusted, permutationP, iqmInterval, probabilityOfImprovement } = figures;
  const finding = findingFrom(p, adjusted, [
    // A permutation test that cannot reach 0.05 says nothing against a difference.
    ...(smallestP(pairs) < ALPHA ? [isSmall(permutationP)] : []),
    !contains(iqmInterval, 0) && Math.sign(iqmInterval.low) === Math.sign(difference),
  ]);
  const contradicts = (probabilityOfImprovement - 1 / 2) * difference < 0;
  return finding === 'shown' && contradicts ? 'hinted' : finding;
}

function bootstrapped(block: Block, statistics: (places: Block) => readonly number[]): Interval[] {
  return stratifiedBootstrap(block.length, block[0]!.length, statistics);
}

function drawn(block: Block, places: Block): Block {
  return places.map((of, task) => of.map((place) => block[task]![place]!));
}

function meansOf(block: Block): number[] {
  return block.map((scores) => mean([...scores]));
}
