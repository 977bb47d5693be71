import { isDeepStrictEqual } from 'node:util';
import { isSplit } from '../config/data.ts';
import { configSchema } from '../config/schema.ts';
import { formatSeed } from '../runs/format.ts';
import type { RunManifest } from '../runs/manifest.ts';
import type { RunSummary } from '../runs/store.ts';

/** Runs cannot be compared. */
export class ComparisonError extends Error {
  override readonly name = 'ComparisonError';
}

/** Keys of a config in which runs that are compared may differ. */
const free = [
  'name',
  'seeds',
  'aggregate',
  'controls',
  'grid',
  'device',
  'concurrency',
  'ray',
  'checkpointEvery',
  'keepCheckpoints',
];

/**
 * Asserts that runs differ in nothing but methods and seeds, as those of one experiment do and those of several launches of a config.
 * @throws ComparisonError naming what else differs
 */
export function checkComparable(runs: readonly RunSummary[]): void {
  const [first, ...others] = runs.map(({ manifest }) => manifest);
  for (const other of others) {
    const isSame = first!.experiment.id === other.experiment.id;
    const differing = isSame ? [] : differencesOf(first!, other);
    if (differing.length > 0) {
      throw new ComparisonError(
        `${first!.id} and ${other.id} differ in ${differing.join(', ')}. Expected runs that differ in method and seed alone. For a report of several tasks: --tasks.`,
      );
    }
  }
  const seen = new Map<string, string>();
  for (const { id, aggregator, seed } of runs.map(({ manifest }) => manifest)) {
    const key = `${aggregator} ${formatSeed(seed)}`;
    const twin = seen.get(key);
    if (twin !== undefined) {
      throw new ComparisonError(
        `${twin} and ${id} have the same method and seed. Name the runs or the one experiment to report.`,
      );
    }
    seen.set(key, id);
  }
}

/** The experiments of runs, each once. */
export function experimentsOf(runs: readonly RunSummary[]): { id: string; name: string }[] {
  const all = runs.map(({ manifest: { experiment } }) => [experiment.id, experiment] as const);
  return [...new Map(all).values()];
}

/** @param wanted default: the first of them @throws ComparisonError if it is not among them */
export function metricIn(metrics: readonly string[], wanted?: string): string {
  if (wanted === undefined || metrics.includes(wanted)) return wanted ?? metrics[0]!;
  throw new ComparisonError(
    `these runs have no metric "${wanted}". Expected ${metrics.join(', ')}.`,
  );
}

/** Names of what two runs differ in, besides method, point of the grid and seed. */
export function differencesOf(one: RunManifest, other: RunManifest): string[] {
  const keys = [...new Set([...Object.keys(one.config), ...Object.keys(other.config)])];
  const isSame = (part: string) => one.fingerprints[part] === other.fingerprints[part];
  const isOtherSplit = one.seed.split !== other.seed.split;
  const varied = (of: RunManifest) => Object.keys(of.point ?? {}).sort();
  return [
    ...(isDeepStrictEqual(varied(one), varied(other)) ? [] : ['settings that the grid varies']),
    ...(one.metric.name === other.metric.name ? [] : ['metric']),
    ...(['train', 'validation'] as const)
      .filter((part) => !isSame(part) && !isOtherSplit)
      .map((part) => `${part} data`),
    ...(isSame('model') ? [] : ['files of the model']),
    ...keys.filter(
      (key) =>
        !free.includes(key) && !isDeepStrictEqual(settingOf(one, key), settingOf(other, key)),
    ),
  ];
}

/** Of a run's config; without what its point of the grid says, and without the seed of the split where it is one of the run's own seeds. */
function settingOf({ config, seed, point = {} }: RunManifest, key: string): unknown {
  const { data } = configSchema.shape.data.safeParse(config.data);
  if (key !== 'data' || seed.split === undefined || !data) {
    return without(config[key], key, Object.keys(point));
  }
  const { validation } = data;
  return { ...data, validation: isSplit(validation) ? validation.share : validation };
}

/** @param path of the value in the config @param paths of what is left out */
function without(value: unknown, path: string, paths: readonly string[]): unknown {
  if (paths.includes(path)) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const parts = Object.entries(value).map(([key, part]) => [
    key,
    without(part, `${path}.${key}`, paths),
  ]);
  return Object.fromEntries(parts);
}
