import { formatCount, formatNumber } from '../../runs/format.ts';
import { formatShare } from './advice.ts';
import type { Probe } from './result.ts';

/** A probe for people: the verdict, the figures below, and the lines for the config. */
export function formatProbe(probe: Probe): string {
  const { name, groups, runs, figures, verdict, advice, aggregate } = probe;
  const seeds = formatCount(runs.length, 'seed');
  return [
    `${name}: the mean, ${seeds}, ${formatCount(groups.names.length, 'group')} by ${groups.by}`,
    '',
    // A sentence a line.
    verdict.replaceAll('. ', '.\n'),
    '',
    ...aligned(advice.map(({ aggregator, advice }) => [aggregator, advice])),
    '',
    ...aligned(figureRows(probe)),
    '',
    '# For the config:',
    `aggregate: [${aggregate.join(', ')}]`,
    '',
    `Advice from ${Math.round(figures.steps)} steps a seed can be wrong; how often it was: docs/probe.md.`,
  ].join('\n');
}

function figureRows({ figures, metric }: Probe): string[][] {
  const { updateConflicts, spread } = figures;
  return [
    ['groups that the mean conflicts with', formatShare(figures.meanConflicts)],
    ['pairs of groups in conflict', formatShare(figures.pairConflicts)],
    [
      'steps whose update conflicts with a group',
      updateConflicts === null ? 'not measured' : formatShare(updateConflicts),
    ],
    ['‖g*‖/‖ḡ‖, median', formatNumber(figures.lengthRatio, 2)],
    ['largest weight in g*, median', formatNumber(figures.largestWeight, 2)],
    ['steps with a fitted group', formatShare(figures.fittedSteps)],
    [
      `${metric.name} at the end`,
      spread === null
        ? formatNumber(figures.metric)
        : `${formatNumber(figures.metric)} ± ${formatNumber(spread, 2)}`,
    ],
    ...figures.groups.map(({ name, say, lossRatio }) => [
      `group ${name}`,
      `${formatNumber(say, 2)} × an equal say in g*, loss ${formatNumber(lossRatio, 2)} × that of the others`,
    ]),
  ];
}

/** The first column padded to its longest cell. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const width = Math.max(...rows.map(([first]) => first!.length));
  return rows.map(([first, second]) => `${first!.padEnd(width)}  ${second}`);
}
