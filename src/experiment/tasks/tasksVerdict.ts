/** What several tasks together show, in plain words. Every sentence follows from the figures. */
import { formatList } from '../../runs/format.ts';
import { negated } from '../statistics/interval.ts';
import type { Verdict } from '../verdict.ts';
import {
  counted,
  decimalsFor,
  fixed,
  formatInterval,
  formatPs,
  isPending,
  significant,
  TOLD,
  uncertaintyOf,
} from '../wording.ts';
import type { ScoredTask, Scores } from './scores.ts';
import type { TasksComparison, TasksFindings } from './tasksFindings.ts';

/** Under so many seeds, intervals of the bootstrap contain the truth in under nine of ten: docs/statistics.md has it measured. */
const FEW = 5;

export function tasksVerdictOf(scores: Scores, findings: TasksFindings): Verdict {
  return {
    words: [...provisional(scores), ...wordsOf(scores, findings)],
    notes: [
      `A score is 0 for a constant prediction and 1 for a perfect one: ${scores.tasks.map(scaleOf).join('; ')}.`,
      `Intervals are of other seeds on these ${scores.tasks.length} tasks. What other tasks would show, they do not say.`,
      ...(scores.seeds < FEW
        ? [
            `Over ${scores.seeds} seeds, the bootstrap intervals of IQM, median and P(better) are too narrow.`,
          ]
        : []),
      ...dependent(scores),
      ...leftOut(scores),
      ...failed(scores),
    ],
  };
}

function wordsOf(scores: Scores, { comparisons, methods }: TasksFindings): string[] {
  const over = `Over ${scores.tasks.length} tasks with ${counted(scores.seeds, 'seed')} each`;
  if (comparisons.length === 0) {
    return methods.map(({ method, mean, meanInterval }) => {
      const interval = meanInterval ? ` (${formatInterval(meanInterval, 0)})` : '';
      return `${over}, ${method} has a mean score of ${significant(mean)}${interval}. There is no other method to compare it with.`;
    });
  }
  const each = comparisons.filter(
    ({ finding }) => comparisons.length <= TOLD || finding !== 'none',
  );
  const rest = comparisons.filter((comparison) => !each.includes(comparison));
  const names = rest.map(({ one, other }) => `${one} and ${other}`).join('; ');
  return [
    ...each.map((comparison) => comparisonWords(over, comparison)),
    ...(rest.length === 0
      ? []
      : [`${over}: no difference that so many runs could show: ${names}.`]),
  ];
}

function comparisonWords(over: string, comparison: TasksComparison): string {
  const { one, other, finding, difference, interval, p, adjusted, permutationP } = comparison;
  const isOneAhead = difference >= 0;
  const [ahead, behind] = isOneAhead ? [one, other] : [other, one];
  const told = interval && !isOneAhead ? negated(interval) : interval;
  const lead = fixed(Math.abs(difference), decimalsFor(uncertaintyOf(difference, interval)));
  const figures = [
    ...(told ? [formatInterval(told, 0)] : []),
    ...formatPs(p, adjusted),
    ...(permutationP === p ? [] : [`${formatPs(permutationP)} by permutation`]),
  ].join(', ');
  const probability = isOneAhead
    ? comparison.probabilityOfImprovement
    : 1 - comparison.probabilityOfImprovement;
  const { low, high } = comparison.probabilityInterval;
  const probabilityInterval = isOneAhead ? { low, high } : { low: 1 - high, high: 1 - low };
  const chance = `A run of ${ahead} is better than one of ${behind} on the same task with probability ${significant(probability, 2)} (${formatInterval(probabilityInterval, 1 / 2)}).`;
  if (finding === 'none') {
    const observed =
      difference === 0 ? 'their mean scores are equal' : `${ahead} is ahead by ${lead}`;
    return `${over}: no difference between ${one} and ${other} that so many runs could show (${observed}, ${figures}). ${chance}`;
  }
  const hint = finding === 'hinted' ? ', but that is only a hint' : '';
  return `${over}, ${ahead} is ahead of ${behind} by ${lead} in the mean score${hint} (${figures}). ${chance}`;
}

function provisional({ tasks }: Scores): string[] {
  const pending = tasks.flatMap(({ findings }) => findings.runs).filter(isPending).length;
  return pending === 0 ? [] : [`Provisional: ${counted(pending, 'run')} yet to end.`];
}

function scaleOf({ name, findings, constantPredictor, perfect }: ScoredTask): string {
  return `${findings.metric} of ${name} from ${significant(constantPredictor)} to ${perfect}`;
}

function dependent({ tasks }: Scores): string[] {
  const names = (holds: (task: ScoredTask) => boolean) =>
    tasks.filter(holds).map(({ name }) => name);
  const crossed = names(({ findings }) => findings.isCrossed);
  const looked = names(({ findings }) => findings.looks !== null);
  return [
    ...(crossed.length === 0
      ? []
      : [
          `Seeds of ${formatList(crossed)} are crossed, so runs are not independent, as tests take them to be: no difference is more than a hint.`,
        ]),
    ...(looked.length === 0
      ? []
      : [
          `Seeds of ${formatList(looked)} were added until a comparison was settled, which tests over several tasks do not account for: no difference is more than a hint.`,
        ]),
  ];
}

function leftOut({ tasks, methods, seeds }: Scores): string[] {
  const others = [
    ...new Set(tasks.flatMap(({ findings }) => findings.methods.map(({ method }) => method))),
  ].filter((method) => !methods.includes(method));
  const more = tasks.filter(({ unused }) => unused > 0);
  return [
    ...(others.length === 0 ? [] : [`Not in all tasks, and left out: ${formatList(others)}.`]),
    ...(more.length === 0
      ? []
      : [
          `Only the first ${seeds} seeds count of ${formatList(more.map(({ name, unused }) => `${name} (which has ${unused} more)`))}, so that every task counts the same.`,
        ]),
  ];
}

function failed({ tasks, methods }: Scores): string[] {
  const counts = methods.map((method) => {
    const own = tasks.flatMap(({ findings, seeds }) =>
      findings.runs.filter((run) => run.method === method && seeds.includes(run.seed)),
    );
    return { method, count: own.filter((run) => run.failed).length, n: own.length };
  });
  if (counts.every(({ count }) => count === 0)) return [];
  const rates = counts.map(({ method, count, n }) => `${count} of ${n} runs of ${method}`);
  return [`Failed: ${formatList(rates)}. One without a result has score 0.`];
}
