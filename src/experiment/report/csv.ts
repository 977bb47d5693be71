/** Every run of an experiment as a row, for other tools. */
import { csvRow } from '../../config/csvRow.ts';
import type { FullReport } from './fullReport.ts';

/** @returns RFC 4180: comma-separated, with a header; empty where there is no value */
export function reportCsv({ findings, finals }: FullReport): string {
  const metrics = [...new Set(finals.flatMap(({ metrics }) => Object.keys(metrics)))];
  const head = [
    ...['run', 'method', 'init', 'order', 'split', 'status', 'counts', 'failed', 'value', 'reason'],
    ...metrics,
  ];
  const rows = findings.runs.map(({ run, method, status, counts, failed, value, reason }) => {
    const final = finals.find((it) => it.run === run);
    const { init, order, split } = final?.seed ?? {};
    return [
      ...[run, method, init, order, split, status, counts, failed, value, reason],
      ...metrics.map((name) => final?.metrics[name]),
    ];
  });
  return [head, ...rows].map(csvRow).join('\n');
}
