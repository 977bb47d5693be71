/** What stands below a verdict: failures, how many seeds would settle more, what no number of seeds shows, runs that do not count. */
import { formatList } from '../runs/format.ts';
import type { Comparison } from './comparison.ts';
import { crossedNotes } from './crossedFindings.ts';
import type { Findings } from './findings.ts';
import type { SeedResult } from './seedResults.ts';
import { ALPHA } from './statistics/interval.ts';
import { LEAST_TO_PERMUTE, smallestP } from './statistics/permutation.ts';
import { MOST_SEEDS } from './statistics/power.ts';
import {
  capitalized,
  counted,
  decimalsFor,
  fixed,
  formatFigures,
  isPending,
  significant,
  TOLD,
  unended,
} from './wording.ts';

export function notesOf(findings: Findings): string[] {
  return [
    ...failureNotes(findings),
    ...(findings.comparisons.length > TOLD
      ? []
      : findings.comparisons.flatMap((it) => powerNotes(it, findings))),
    ...gridNotes(findings),
    ...looksNote(findings),
    ...crossedNote(findings),
    ...crossedNotes(findings.crossed, findings.metric),
    ...ratioNote(findings),
    ...normalityNote(findings),
    ...validationNote(findings),
    ...unfinishedNote(findings),
  ];
}

function failureNotes({ methods, constantPredictor, runs, metric }: Findings): string[] {
  const failed = runs.filter((run) => run.failed);
  if (failed.length === 0) return [];
  const counts = methods.flatMap(({ method, failures }) =>
    failures ? [`${failures.count} of ${counted(failures.n, 'run')} of ${method}`] : [],
  );
  const bound =
    constantPredictor === null
      ? ''
      : `; a constant prediction has ${metric} ${significant(constantPredictor)}`;
  return [`Failed: ${formatList(counts)}${bound}.`, `${namesOf(failed)}.`];
}

/** For what is not settled: how many seeds it would take, and what so many show. */
function powerNotes(
  { one, other, pairs, means, spread }: Comparison,
  { metric, comparisons }: Findings,
): string[] {
  if (!means) return [];
  const needs = [
    ...(spread && spread.finding !== 'shown' && spread.ratio !== null
      ? [needOf('the spread', spread.seedsNeeded, pairs)]
      : []),
    ...(means.finding !== 'shown' && means.effect !== null
      ? [needOf(metric, means.seedsNeeded, pairs)]
      : []),
  ];
  if (needs.length === 0) return [];
  const visible = [
    ...(spread?.visible ? [`spreads ${significant(spread.visible, 2)} times as large`] : []),
    ...(means.visible ? [`a difference in ${metric} of ${significant(means.visible, 2)}`] : []),
  ];
  const whose = comparisons.length > 1 ? `${one} and ${other}: ` : '';
  const shown = ` ${counted(pairs, 'seed')} show ${visible.join(' or ')} in four experiments out of five.`;
  return [
    `${whose}${whose === '' ? capitalized(formatList(needs)) : formatList(needs)}, with 80 % power, if it is as large as it looks.${visible.length > 0 ? shown : ''}`,
  ];
}

function needOf(what: string, seedsNeeded: number | null, pairs: number): string {
  if (seedsNeeded === null)
    return `not even ${counted(MOST_SEEDS, 'seed')} a side would settle ${what}`;
  const more = Math.max(1, seedsNeeded - pairs);
  return `${more} more ${more === 1 ? 'seed' : 'seeds'} a side would settle ${what}`;
}

function gridNotes({ methods, comparisons, metric, better }: Findings): string[] {
  const points = new Set(methods.flatMap(({ point }) => point ?? [])).size;
  if (points === 0) return [];
  const sign = better === 'lower' ? -1 : 1;
  const known = methods.flatMap(({ method, figures }) =>
    figures ? [{ method, score: sign * figures.mean, figures }] : [],
  );
  const [best] = known.sort((a, b) => b.score - a.score);
  return [
    ...(comparisons.length === 0
      ? []
      : [
          `Methods are compared within each of ${counted(points, 'point')} of the grid, never over several of them; p values are corrected for all of these comparisons together.`,
        ]),
    ...(best && better !== null && known.length > 1
      ? [
          `The best mean of ${metric} is ${formatFigures(best.figures)}, of ${best.method}: the best of ${known.length} on these seeds, which seeds of its own would show a little worse.`,
        ]
      : []),
  ];
}

function looksNote({ looks, comparisons }: Findings): string[] {
  if (!looks || comparisons.length === 0) return [];
  const pairs = Math.min(...comparisons.map((comparison) => comparison.pairs));
  const reached = looks.filter((look) => look <= pairs).length;
  return [
    `Seeds were added until enough: p and intervals are those of ${reached} of ${counted(looks.length, 'look')}, after ${formatList(looks.map(String))} seeds, and hold whenever one stops.`,
  ];
}

/** All tests and intervals take seeds to be independent. */
function crossedNote({ isCrossed, comparisons }: Findings): string[] {
  if (!isCrossed || comparisons.length === 0) return [];
  return [
    'Some seeds share an initialization, an order of the examples or a split. Their runs are not independent, as tests and intervals take them to be: a difference is no more than a hint. To compare methods, use seeds that share nothing, such as [0, 1, 2].',
  ];
}

/** A ratio of spreads that stands without its interval. */
function ratioNote({ comparisons, looks }: Findings): string[] {
  const bare = comparisons.filter(({ spread }) => spread?.ratio != null && !spread.interval);
  if (bare.length === 0) return [];
  const few = bare.every(({ pairs }) => pairs < LEAST_TO_PERMUTE);
  if (few) {
    return [
      'A 95 % interval of a ratio of spreads takes six seeds; over fewer it would promise too much.',
    ];
  }
  return [
    looks
      ? 'Looks so early bound no ratio of spreads: it stands without an interval.'
      : 'Too many values are alike to bound a ratio of spreads: it stands without an interval.',
  ];
}

/** A permutation test of n pairs has no p below 2^(1 − n): a difference of means over fewer than six rests on the t test alone. */
function normalityNote({ comparisons }: Findings): string[] {
  const few = comparisons.filter(
    ({ means, pairs }) => means && means.finding !== 'none' && smallestP(pairs) >= ALPHA,
  );
  if (few.length === 0) return [];
  const pairs = Math.min(...few.map((comparison) => comparison.pairs));
  return [
    `Over ${counted(pairs, 'seed')}, the p of a difference of means rests on normally distributed differences; a test without that assumption takes six seeds.`,
  ];
}

function validationNote({ validation, metric }: Findings): string[] {
  if (!validation) return [];
  const { examples, value, standardError } = validation;
  const decimals = decimalsFor(standardError);
  const figure = `${metric} ${fixed(value, decimals)} ± ${fixed(standardError, decimals)}`;
  return [
    `${counted(examples, 'validation example')} measure ${figure} (one standard error). No number of seeds narrows that.`,
  ];
}

function unfinishedNote({ runs }: Findings): string[] {
  const left = runs.filter((run) => !run.counts && !isPending(run));
  return left.length === 0 ? [] : [`Without a result, and not counted: ${namesOf(left)}.`];
}

/** "grain, seed 3: stopped at step 40 of 100; …". */
function namesOf(runs: readonly SeedResult[]): string {
  return runs
    .map(({ method, seed, reason }) => `${method}, seed ${seed}: ${unended(reason)}`)
    .join('; ');
}
