/** What is valid in a config, and was measured to do harm: warnings, which never keep a config from being run. */
import { measuredAt } from '../engine/aggregators/regimes.ts';
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

/** With a group for each class, the class that is fitted first shortens d for all; AdamW then steps along what is left of it. */
function fittedClassesStall(
  { aggregate, groups, optimizer, data, zeroGroups }: Config,
  entry: number,
  isWritten: (path: Path) => boolean,
): Finding[] {
  const isByClass = groups.by === 'label' || groups.by === `column:${data.target}`;
  if (!isByClass || optimizer.name !== 'adamw') return [];
  const { name, metric } = resolvedAggregation(aggregate[entry]!, zeroGroups);
  const measured = measuredAt('digits-label', name);
  if (name !== 'grain' || metric !== 'euclidean' || !measured) return [];
  const written = aggregate[entry];
  const path = ['aggregate', entry, ...(typeof written === 'string' ? [] : ['name'])];
  const isAlone = !aggregate.some((other) => nameOf(other) === 'grain-normalized');
  const better = (['grain-normalized', 'upgrad'] as const).map((other) => {
    const value = measuredAt('digits-label', other)?.value;
    return value === undefined ? other : `${other} (${value})`;
  });
  return [
    {
      path: isWritten(path) ? path : ['groups', 'by'],
      message: `with groups by class under adamw, the class that is fitted first stalls ${name} for all: on digits it reached accuracy ${measured.value}, the mean ${measured.mean}, over ${measured.seeds} seeds (docs/guarantee.md)`,
      expected: `${better.join(' or ')}, which did not stall`,
      ...(isAlone && isWritten(path) && { suggestion: 'grain-normalized' }),
    },
  ];
}

function nameOf(entry: Config['aggregate'][number]): string {
  return typeof entry === 'string' ? entry : entry.name;
}
