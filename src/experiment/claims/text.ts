/** Claims as text for a terminal, and as Markdown. */
import { table } from '../markdown.ts';
import type { Interval } from '../statistics/interval.ts';
import { significant } from '../wording.ts';
import type { Measurement } from './claim.ts';
import type { Verified } from './verify.ts';

export function verifiedText({
  name,
  claim,
  verdict,
  scale,
  words,
  measurements,
}: Verified): string {
  return [
    `${name}: ${verdict}`,
    `  claim: ${claim}`,
    `  measured on: ${scale}`,
    ...measurements.map((measurement) => `  ${measurementText(measurement)}`),
    ...words.map((sentence) => `  ${sentence}`),
  ].join('\n');
}

function measurementText({ what, value, interval }: Measurement): string {
  return `${what}: ${significant(value)}${interval ? ` (95 % ${range(interval)})` : ''}`;
}

function range({ low, high }: Interval): string {
  return `${significant(low)} … ${significant(high)}`;
}

/** All claims with their verdicts. */
export function summaryMarkdown(all: readonly Verified[]): string {
  const rows = all.map(({ name, claim, verdict }) => [name, claim, `**${verdict}**`]);
  return table([['', 'claim', 'verdict here'], ...rows], 3);
}

/** What was measured of one claim. */
export function verifiedMarkdown({
  scale,
  verdict,
  words,
  measurements,
  tables,
}: Verified): string {
  const rows = measurements.map(({ what, value, interval }) => [
    what,
    significant(value),
    interval ? range(interval) : '–',
  ]);
  return [
    `**${verdict}.** Measured on ${scale}.`,
    words.join(' '),
    table([['measurement', 'value', '95 %'], ...rows], 1),
    ...tables.flatMap(({ title, head, rows, words }) => [
      `**${title}**`,
      table([head, ...rows], words),
    ]),
  ].join('\n\n');
}
