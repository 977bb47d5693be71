/** The figures of each method with their intervals: the first table of a report, and that of the seed variance panel. */
import { formatPercent } from '../../runs/format.ts';
import type { Findings, MethodFigures } from '../findings.ts';
import type { Interval } from '../statistics/interval.ts';
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

type Methods = Pick<Findings, 'metric' | 'better' | 'isCrossed'> & {
  readonly methods: readonly MethodFigures[];
};

/** @param iqrIntervals by method; without them the IQR stands alone */
export function methodTable(
  { metric, better, isCrossed, methods }: Methods,
  iqrIntervals?: ReadonlyMap<string, Interval | null>,
): ReportTable {
  const which = better ? `${better === 'higher' ? 'Higher' : 'Lower'} is better. ` : '';
  return {
    title: `${metric} over seeds`,
    note: `${which}In brackets: 95 % intervals.${isCrossed ? '' : extremesNote(methods)}`,
    head: ['method', 'seeds', 'mean', 'IQM', 'standard deviation', 'min', 'max', 'IQR', 'failed'],
    rows: methods.map((of) => methodRow(of, iqrIntervals?.get(of.method) ?? null)),
    words: 1,
  };
}

/** Of the method with the fewest seeds: for the others it is a bound. */
function extremesNote(methods: readonly MethodFigures[]): string {
  const known = methods.flatMap(({ figures }) => (figures && figures.n >= 2 ? [figures] : []));
  if (known.length === 0) return '';
  const { n, extremes } = known.reduce((a, b) => (b.n < a.n ? b : a));
  const most = known.every((of) => of.n === n) ? '' : ' at most';
  return ` Min and max are those of these seeds: a further seed of a method ends below its min with a probability of${most} 1 in ${n + 1}, and as likely above its max; with 95 % confidence, up to ${formatPercent(extremes.beyond)} of all seeds would end below, and up to as many above.`;
}

function methodRow(
  { method, figures, failures }: MethodFigures,
  iqrInterval: Interval | null,
): string[] {
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
    n < 2 ? NONE : withInterval(text(iqr), iqrInterval, text),
    rate,
  ];
}
