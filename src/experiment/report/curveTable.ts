/** How the curves end, as a table of the report. */
import { significant, uncertaintyOf } from '../wording.ts';
import { inDecimals, inDigits, NONE, withInterval } from './cells.ts';
import type { FullReport } from './fullReport.ts';
import type { ReportTable } from './methodTable.ts';

export function curveTable({
  curveShapes,
  findings,
}: Pick<FullReport, 'curveShapes' | 'findings'>): ReportTable {
  return {
    title: 'How the curves end',
    folded: 'Is training still changing the metric?',
    note: `Of ${findings.metric} over the last ten validations of finished runs. Change: from one validation to the next, by least squares, with the 95 % interval of its mean over runs. Flat: runs whose change is below 0.0001 or has p > 0.1, which ictonyx calls converged; over ten validations that is true of many curves that still change, and the interval says more. Within, between: standard deviation of the validations of a run, and of the runs’ means. Autocorrelation: with the validation before, over the whole curve; it is high where a curve rises or falls throughout.`,
    head: [
      'method',
      'runs',
      'validations',
      'change',
      'flat',
      'within',
      'between',
      'autocorrelation',
    ],
    rows: curveShapes.flatMap(({ method, runs, validations, end, autocorrelation }) => {
      if (!end) return [];
      const { slope, slopeInterval, flat, within, between } = end;
      const text = inDecimals(uncertaintyOf(slope, slopeInterval));
      const after = autocorrelation[0]?.mean ?? null;
      return [
        [
          ...[method, String(runs), String(validations)],
          withInterval(text(slope), slopeInterval, text),
          flat === null ? NONE : `${flat} of ${runs}`,
          inDigits(within),
          between === null ? NONE : inDigits(between),
          after === null ? NONE : significant(after, 2),
        ],
      ];
    }),
    words: 1,
  };
}
