/** The figures of each method with their intervals: the first table of a report, and that of the seed variance panel. */
import { formatPercent } from '../../runs/format.ts';
import type { Findings, MethodFigures } from '../findings.ts';
import { inDecimals, inDigits, NONE, withInterval } from './cells.ts';

export interface ReportTable {
  readonly title: string;
  /** What its columns mean, where their heads do not say it. */
  readonly note?: string;
  /** It is shown on demand, behind these words. */
  readonly folded?: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** So many columns, from the left, are words; the others are numbers. */
  readonly words: number;
}

export function methodTable({
  metric,
  better,
  methods,
}: Pick<Findings, 'metric' | 'better'> & {
  readonly methods: readonly MethodFigures[];
}): ReportTable {
  const which = better ? `${better === 'higher' ? 'Higher' : 'Lower'} is better. ` : '';
  return {
    title: `${metric} over seeds`,
    note: `${which}In brackets: 95 % intervals.`,
    head: ['method', 'seeds', 'mean', 'IQM', 'standard deviation', 'min', 'max', 'IQR', 'failed'],
    rows: methods.map(methodRow),
    words: 1,
  };
}

function methodRow({ method, figures, failures }: MethodFigures): string[] {
  const rate = failures
    ? `${failures.count} of ${failures.n} [${formatPercent(failures.interval.low)}, ${formatPercent(failures.interval.high)}]`
    : NONE;
  if (!figures) return [method, '0', NONE, NONE, NONE, NONE, NONE, NONE, rate];
  const { n, mean, meanInterval, std, stdInterval, min, max, iqr, iqm } = figures;
  const text = inDecimals(std ?? 0);
  return [
    method,
    String(n),
    withInterval(text(mean), meanInterval, text),
    n < 2 ? NONE : text(iqm),
    std === null ? NONE : withInterval(text(std), stdInterval, inDigits),
    text(min),
    text(max),
    n < 2 ? NONE : text(iqr),
    rate,
  ];
}
