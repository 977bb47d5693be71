/** Methods compared on one setting, each at the learning rate that the same search found best for it. */
import type { RunSummary } from '../../runs/store.ts';
import { evidenceOf, firstPredictions, validatedRun } from '../evidence.ts';
import type { Findings } from '../findings.ts';
import { pText } from '../report/cells.ts';
import type { Interval } from '../statistics/interval.ts';
import { validationError } from '../validationError.ts';
import { decimalsFor, fixed, formatFigures, significant, uncertaintyOf } from '../wording.ts';
import type { ClaimTable } from './claim.ts';
import { type ClaimSetting, mean, tunedRuns } from './settings.ts';
import type { ClaimRuns, Method } from './trainings.ts';

export interface Compared {
  readonly setting: ClaimSetting;
  readonly findings: Findings;
  /** By method. */
  readonly rates: ReadonlyMap<string, number>;
  /** Of the mean. */
  readonly plain: readonly RunSummary[];
}

/** @param methods the mean among them @param isTuned false: every method has the setting's learning rate */
export async function compareMethods(
  runs: ClaimRuns,
  setting: ClaimSetting & { readonly isTuned?: boolean },
  methods: readonly Method[],
  seeds: readonly number[],
): Promise<Compared> {
  const all: RunSummary[] = [];
  const rates = new Map<string, number>();
  let plain: readonly RunSummary[] = [];
  for (const method of methods) {
    const found =
      setting.isTuned === false
        ? await untunedRuns(runs, setting, method, seeds)
        : await tunedRuns(runs, setting, method, seeds);
    rates.set(method.name, found.rate);
    if (method === mean) plain = found.runs;
    all.push(...found.runs.map((run) => named(run, method)));
  }
  const { name } = all[0]!.manifest.metric;
  const validated = await Promise.all(all.map(validatedRun));
  const findings = evidenceOf(validated, name, await firstPredictions(all), validationError);
  return { setting, findings, rates, plain };
}

async function untunedRuns(
  runs: ClaimRuns,
  { name, config }: ClaimSetting,
  method: Method,
  seeds: readonly number[],
) {
  const trained = await runs.of({ setting: name, config, methods: [method] }, seeds);
  return { rate: Number(config.optimizer.learningRate), runs: trained };
}

/** Clipping is no aggregator, and its runs have the label of what is clipped. */
function named(run: RunSummary, { name }: Method): RunSummary {
  return { ...run, manifest: { ...run.manifest, aggregator: name } };
}

/** What the comparison of a method with the mean shows: `better` or `worse` stands after correction for all comparisons of the setting. */
export interface AgainstMean {
  readonly level: 'better' | 'worse' | 'not shown';
  readonly spread: 'lower' | 'higher' | 'not shown';
}

export function againstMean({ findings }: Compared, method: string): AgainstMean {
  const comparison = comparisonOf(findings, method);
  const { means, spread } = comparison ?? {};
  const sign = findings.better === 'lower' ? -1 : 1;
  const isAhead = sign * (means?.difference ?? 0) > 0;
  return {
    level: means?.finding === 'shown' ? (isAhead ? 'better' : 'worse') : 'not shown',
    spread: spread?.finding === 'shown' ? (isLess(spread.ratio) ? 'lower' : 'higher') : 'not shown',
  };
}

function isLess(ratio: number | null): boolean {
  return ratio === null || ratio < 1;
}

export function comparisonOf({ comparisons }: Findings, method: string) {
  return comparisons.find(({ one, other }) => one === method && other === mean.name);
}

/** A row a method: level and spread, and both against the mean. */
export function comparisonTable({ setting, findings, rates }: Compared): ClaimTable {
  return {
    title: setting.title,
    head: [
      ...['method', 'rate', 'seeds', `${findings.metric} ± std`, 'worst', 'failed'],
      ...['against mean (95 %, p)', 'std, × mean (95 %, p)'],
    ],
    rows: findings.methods.map(({ method, figures, failures }) => {
      const { means, spread } = comparisonOf(findings, method) ?? {};
      const worst = findings.better === 'lower' ? figures?.max : figures?.min;
      return [
        method,
        significant(rates.get(method)!, 2),
        String(failures?.n ?? 0),
        figures ? formatFigures(figures) : '–',
        worst === undefined ? '–' : fixed(worst, decimalsFor(figures?.std ?? 0)),
        String(failures?.count ?? 0),
        means ? differenceText(means.difference, means.interval, means.adjusted) : '',
        spread && spread.ratio !== null
          ? `${significant(spread.ratio, 2)} ${bracketed(spread.interval, (bound) => significant(bound, 2), spread.adjusted)}`
          : '',
      ];
    }),
    words: 1,
  };
}

export function differenceText(
  difference: number,
  interval: Interval | null,
  p: number | null,
): string {
  const decimals = decimalsFor(uncertaintyOf(difference, interval));
  const format = (value: number) => `${value < 0 ? '' : '+'}${fixed(value, decimals)}`;
  return `${format(difference)} ${bracketed(interval, format, p)}`;
}

function bracketed(
  interval: Interval | null,
  format: (bound: number) => string,
  p: number | null,
): string {
  const range = interval ? `${format(interval.low)} … ${format(interval.high)}, ` : '';
  return `(${range}p ${pText(p)})`;
}
