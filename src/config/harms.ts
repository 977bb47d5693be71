/** What is valid in a config, and was measured to do harm: warnings, which never keep a config from being run. */
import { collapseOf, measuredAt } from '../engine/aggregators/regimes.ts';
import type { AggregationSettings, AggregatorName } from '../engine/types.ts';
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
/** Tables of docs/guarantee.md with AdamW and a group per class. */
const BY_CLASS = ['digits-label', 'label-blocks'];

/** With a group for each class, the class that is fitted first shortens d for all, whatever the optimizer makes of it. */
function fittedClassesStall(
  { aggregate, groups, data, optimizer, zeroGroups }: Config,
  entry: number,
  isWritten: (path: Path) => boolean,
): Finding[] {
  const isByClass = groups.by === 'label' || groups.by === `column:${data.target}`;
  if (!isByClass) return [];
  const { name, metric } = resolvedAggregation(aggregate[entry]!, zeroGroups);
  if (!stalled.includes(name)) return [];
  const stall = stallOf({ name, metric }, optimizer.name);
  if (!stall) return [];
  const isPreconditioned = metric === 'preconditioned';
  const key = isPreconditioned ? ['metric'] : typeof aggregate[entry] === 'string' ? [] : ['name'];
  const path = ['aggregate', entry, ...key];
  const better = (['grain-normalized', 'upgrad'] as const).map((other) => {
    const result = measuredAt('digits-label', other)?.value;
    return result === undefined ? other : `${other} (${result})`;
  });
  const isListed = aggregate.some((other) => nameOf(other) === 'grain-normalized');
  return [
    {
      path: isWritten(path) ? path : ['groups', 'by'],
      message: `with groups by class, the class that is fitted first stalls ${name}${isPreconditioned ? ' for all, also in the preconditioned metric' : ' for all'}: on digits with ${stall.optimizer} it reached accuracy ${stall.value}, the mean ${stall.mean}, over ${stall.seeds} seeds (docs/guarantee.md)`,
      expected: `${better.join(' or ')}, which did not stall with adamw`,
      ...(!isListed && !isPreconditioned && isWritten(path) && { suggestion: 'grain-normalized' }),
    },
  ];
}

interface Stall {
  readonly optimizer: string;
  /** Final accuracies, over the seeds. */
  readonly value: number;
  readonly mean: number;
  readonly seeds: number;
}

/** Measured with the optimizer or, where it was not, with AdamW; null where no harm was found. */
function stallOf(
  { name, metric }: Pick<AggregationSettings, 'name' | 'metric'>,
  optimizer: string,
): Stall | null {
  const found = BY_CLASS.map((setting) => measuredAt(setting, name, metric)).find(
    (regime) => regime?.isSignificant && regime.mean - regime.value >= HARM,
  );
  if (!found) return null;
  const [own, mean] = [collapseOf(optimizer, name), collapseOf(optimizer, 'mean')];
  return own && mean && optimizer !== 'adamw' && metric === 'euclidean'
    ? { ...own, mean: mean.value }
    : { ...found, optimizer: 'adamw' };
}

function nameOf(entry: Config['aggregate'][number]): string {
  return typeof entry === 'string' ? entry : entry.name;
}
