/** What an experiment shows and does not show, in plain words. Every sentence follows from the findings' figures. */
import * as z from 'zod';
import type { Comparison, Finding } from './comparison.ts';
import type { Findings, MethodFigures } from './findings.ts';
import { negated } from './statistics/interval.ts';
import { notesOf } from './verdictNotes.ts';
import {
  counted,
  decimalsFor,
  fixed,
  formatFactorInterval,
  formatInterval,
  formatPs,
  isPending,
  nameWithin,
  significant,
  TOLD,
  uncertaintyOf,
} from './wording.ts';

export const verdictSchema = z.object({
  /** What is known of the methods: one sentence or more. */
  words: z.array(z.string()).readonly(),
  /** What would settle more, what seeds cannot show, and which runs failed or do not count. */
  notes: z.array(z.string()).readonly(),
});

export type Verdict = Readonly<z.infer<typeof verdictSchema>>;

export function verdictOf(findings: Findings): Verdict {
  return { words: [...provisional(findings), ...wordsOf(findings)], notes: notesOf(findings) };
}

/** The words on the one comparison of an experiment, without figures in brackets; empty if it has none or several. */
export function briefVerdict(findings: Findings): string {
  const [only, ...others] = findings.comparisons;
  return only && others.length === 0 ? comparisonWords(only, findings, () => '') : '';
}

/** Looking while seeds still come in, and stopping at a small p, would find differences where there are none. */
function provisional({ runs }: Findings): string[] {
  const pending = runs.filter(isPending).length;
  if (pending === 0) return [];
  const verb = pending === 1 ? 'has' : 'have';
  return [`Provisional: ${pending} of ${counted(runs.length, 'run')} ${verb} yet to end.`];
}

function wordsOf(findings: Findings): string[] {
  const { methods, comparisons } = findings;
  if (methods.every(({ figures }) => figures === null)) {
    return ['Nothing to judge yet: no run has a result.'];
  }
  if (comparisons.length === 0) return methods.map((method) => aloneWords(method, findings));
  const each = comparisons.filter((it) => comparisons.length <= TOLD || speaks(it));
  const rest = comparisons.filter((it) => !each.includes(it));
  return [...each.map((it) => comparisonWords(it, findings)), ...restWords(rest)];
}

function aloneWords({ method, point, figures }: MethodFigures, { metric }: Findings): string {
  if (!figures) return `${method} has no result yet.`;
  const { n, mean, std, stdInterval } = figures;
  const decimals = decimalsFor(std ?? 0);
  const level = `${method}: ${metric} ${fixed(mean, decimals)} over ${counted(n, 'seed')}`;
  const interval = stdInterval ? ` (${formatFactorInterval(stdInterval, 0)})` : '';
  const spread =
    std === null
      ? 'too few to show a spread'
      : `with a standard deviation of ${fixed(std, decimals)}${interval}`;
  const alone = point === undefined ? ' There is no other method to compare it with.' : '';
  return `${level}, ${spread}.${alone}`;
}

/** Whether any figure speaks for a difference. */
function speaks({ means, spread, failures }: Comparison): boolean {
  return [means, spread, failures].some((question) => question && question.finding !== 'none');
}

function restWords(rest: readonly Comparison[]): string[] {
  if (rest.length === 0) return [];
  const pairs = Math.min(...rest.map((it) => it.pairs));
  const names = rest.map(pairIn).join('; ');
  return [`No difference that ${counted(pairs, 'seed')} could show: ${names}.`];
}

/** "grain and mean", "grain and mean at learningRate=1e-5". */
function pairIn(comparison: Comparison): string {
  const { point } = comparison;
  return namesOf(comparison).join(' and ') + (point === undefined ? '' : ` at ${point}`);
}

/** Adds figures to a statement. */
type Figures = (figures: readonly string[]) => string;

function comparisonWords(
  comparison: Comparison,
  findings: Findings,
  write: Figures = inBrackets,
): string {
  const { point, pairs, means, spread, failures } = comparison;
  const [one, other] = namesOf(comparison);
  const at = point === undefined ? '' : `At ${point}, `;
  if (!means) {
    const seeds = pairs === 0 ? 'No seed has' : 'Only one seed has';
    return `${at}${one} and ${other}: not enough seeds to tell. ${seeds} a result of both; means take two, spreads three.`;
  }
  const spreadText = spread
    ? spreadWords(comparison, spread, write)
    : 'not enough seeds to tell their spreads apart, which takes three';
  return `${at}${one} and ${other}: ${spreadText}. In ${findings.metric}, ${meansWords(comparison, means, findings, write)}.${failures ? failureWords(comparison, failures, findings, write) : ''}`;
}

/** Within its point, which the sentence has named. */
function namesOf({ one, other, point }: Comparison): [string, string] {
  return [nameWithin(point, one), nameWithin(point, other)];
}

function spreadWords(
  comparison: Comparison,
  { ratio, interval, p, adjusted, finding }: NonNullable<Comparison['spread']>,
  write: Figures,
): string {
  const { pairs } = comparison;
  const [one, other] = namesOf(comparison);
  const figures = [
    ...(ratio === null ? [] : [`ratio ${significant(ratio, 2)}`]),
    ...(interval ? [formatFactorInterval(interval)] : []),
    ...formatPs(p, adjusted),
  ];
  const seeds = counted(pairs, 'seed');
  if (finding === 'none')
    return `no difference in spread that ${seeds} could show${write(figures)}`;
  const [steady, unsteady] = ratio !== null && ratio < 1 ? [one, other] : [other, one];
  const difference =
    ratio === null
      ? `only one of them varies over ${seeds}`
      : `${steady} varies less over seeds than ${unsteady}`;
  return `${difference}${hint(finding)}${write(figures)}`;
}

function meansWords(
  comparison: Comparison,
  { difference, interval, p, adjusted, permutationP, finding }: NonNullable<Comparison['means']>,
  { better }: Findings,
  write: Figures,
): string {
  const { pairs } = comparison;
  const [one, other] = namesOf(comparison);
  const isOneAhead = better === 'lower' ? difference < 0 : difference > 0;
  const ahead = isOneAhead ? one : other;
  const lead = `${better === null ? 'higher' : 'ahead'} by ${fixed(Math.abs(difference), decimalsFor(uncertaintyOf(difference, interval)))}`;
  // As the sentence tells the difference: from the one that is ahead.
  const told = interval && difference < 0 ? negated(interval) : interval;
  const disagrees = finding === 'hinted' && permutationP !== null && permutationP >= 0.05;
  const figures = [
    ...(told ? [formatInterval(told, 0)] : []),
    ...formatPs(p, adjusted),
    ...(disagrees && permutationP !== p ? [`${formatPs(permutationP)} by permutation`] : []),
  ];
  if (finding !== 'none') return `${ahead} is ${lead}${hint(finding)}${write(figures)}`;
  const seeds = counted(pairs, 'seed');
  const observed = difference === 0 ? 'their means are equal' : `${ahead} is ${lead}`;
  return `no difference that ${seeds} could show${write([observed, ...figures])}`;
}

function failureWords(
  { one, other, point }: Comparison,
  { finding, p, adjusted }: NonNullable<Comparison['failures']>,
  { methods }: Findings,
  write: Figures,
): string {
  const rates = [one, other].map((name) => {
    const { count, n } = methods.find(({ method }) => method === name)!.failures!;
    return `${nameWithin(point, name)} in ${count} of ${counted(n, 'run')}`;
  });
  const figures = write([...rates, ...formatPs(p, adjusted)]);
  if (finding === 'none') return ` In failures, no difference that so many could show${figures}.`;
  return ` They fail at different rates${hint(finding)}${figures}.`;
}

function hint(finding: Finding): string {
  return finding === 'hinted' ? ', but that is only a hint' : '';
}

function inBrackets(figures: readonly string[]): string {
  return figures.length === 0 ? '' : ` (${figures.join(', ')})`;
}
