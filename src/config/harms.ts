/** What is valid in a config, and was measured to do harm: warnings, which never keep a config from being run. */
import { measuredAt } from '../engine/aggregators/regimes.ts';
import type { AggregatorName } from '../engine/types.ts';
import { resolvedAggregation } from './aggregation.ts';
import type { Finding, Path } from './diagnostic.ts';
import type { Config } from './schema.ts';

/**
 * Of one entry of `aggregate`.
 *
 * @param entry its index
 * @param isWritten whether a key is in the file, so that a finding can point there
 */
export function knownHarms(
  config: Config,
  entry: number,
  isWritten: (path: Path) => boolean,
): Finding[] {
  return fittedClassesStall(config, entry, isWritten);
}

/** The aggregators that the class which is fitted first stalls: where it was measured, they are warned of. */
const stalled: readonly string[] = [
  'grain',
  'grain-layerwise',
  'grain-streaming',
] satisfies AggregatorName[];
/** How far below the mean a method must end, with p < 0.05, to be warned of. */
const HARM = 0.05;

/** With a group for each class, the class that is fitted first shortens d for all, whatever the optimizer makes of it. */
function fittedClassesStall(
  { aggregate, groups, data, zeroGroups }: Config,
  entry: number,
  isWritten: (path: Path) => boolean,
): Finding[] {
  const isByClass = groups.by === 'label' || groups.by === `column:${data.target}`;
  if (!isByClass) return [];
  const { name, metric } = resolvedAggregation(aggregate[entry]!, zeroGroups);
  const measured = measuredAt('digits-label', name);
  if (!measured || metric !== 'euclidean' || !stalled.includes(name)) return [];
  const { value, mean, seeds, isSignificant } = measured;
  if (!isSignificant || mean - value < HARM) return [];
  const path = ['aggregate', entry, ...(typeof aggregate[entry] === 'string' ? [] : ['name'])];
  const better = (['grain-normalized', 'upgrad'] as const).map((other) => {
    const result = measuredAt('digits-label', other)?.value;
    return result === undefined ? other : `${other} (${result})`;
  });
  const isListed = aggregate.some((other) => nameOf(other) === 'grain-normalized');
  return [
    {
      path: isWritten(path) ? path : ['groups', 'by'],
      message: `with groups by class, the class that is fitted first stalls ${name} for all: on digits with adamw it reached accuracy ${value}, the mean ${mean}, over ${seeds} seeds (docs/guarantee.md)`,
      expected: `${better.join(' or ')}, which did not stall`,
      ...(!isListed && isWritten(path) && { suggestion: 'grain-normalized' }),
    },
  ];
}

function nameOf(entry: Config['aggregate'][number]): string {
  return typeof entry === 'string' ? entry : entry.name;
}
