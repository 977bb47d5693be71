/** What runs are grouped by, in the explorer and where they are compared. */
import path from 'node:path';
import { lastKey } from '../config/keyPath.ts';
import { formatValue, settingsOf } from './configChanges.ts';
import { formatSeed, formatTime } from './format.ts';
import { rootOf } from './grainFolder.ts';
import { experimentKey } from './identity.ts';
import { byCreation } from './order.ts';
import type { RunSummary } from './store.ts';

export const namedFacets = {
  launch: 'Launch',
  config: 'Config',
  method: 'Method',
  seed: 'Seed',
  tag: 'Tag',
  status: 'Status',
} as const;

export type NamedFacet = keyof typeof namedFacets;

/** Or a key of the config: "key:optimizer.learningRate". */
export type Facet = NamedFacet | `key:${string}`;

export interface RunGroup<Run> {
  /** Stays the same while runs are added. */
  readonly key: string;
  readonly label: string;
  /** At least one, the oldest first. */
  readonly runs: readonly Run[];
}

/** Runs that agree in all of the facets, each in one group; the group with the oldest run first. @param locale of times, as BCP 47 */
export function groupRuns<Run extends RunSummary>(
  runs: readonly Run[],
  facets: readonly Facet[],
  locale: string,
): RunGroup<Run>[] {
  const launches = launchLabels(runs, locale, { isShort: facets.length > 1 });
  const groups = new Map<string, { label: string; runs: Run[] }>();
  for (const run of [...runs].sort(byCreation)) {
    const values = facets.map((facet) => facetValue(run, facet, launches));
    const key = JSON.stringify(values.map((value) => value.key));
    const group = groups.get(key) ?? {
      label: values.map(({ label }) => label).join(' · '),
      runs: [],
    };
    group.runs.push(run);
    groups.set(key, group);
  }
  const all = [...groups].map(([key, group]) => ({ key, ...group }));
  const labels = distinct(all.map(({ label, runs }) => [label, projectOf(runs[0]!)]));
  return all.map((group, i) => ({ ...group, label: labels[i]! }));
}

/** Labels that are alike with the name of the project, and numbered if that is the same as well. */
function distinct(labels: readonly (readonly [label: string, project: string])[]): string[] {
  const plain = labels.map(([label]) => label);
  const named = labels.map(([label, project]) =>
    isOnce(label, plain) ? label : `${label} · ${project}`,
  );
  return named.map((label, i) => {
    const before = named.slice(0, i).filter((other) => other === label).length;
    return before === 0 ? label : `${label} (${before + 1})`;
  });
}

/** By which facets the runs differ, and in how many ways; keys of the config in its order. */
export function facetsOf(runs: readonly RunSummary[]): Map<Facet, number> {
  const facets = new Map<Facet, number>();
  for (const facet of Object.keys(namedFacets) as NamedFacet[]) {
    facets.set(facet, new Set(runs.map((run) => facetValue(run, facet).key)).size);
  }
  const configs = runs.map(({ manifest }) => settingsOf(manifest));
  for (const key of new Set(configs.flatMap((values) => [...values.keys()]))) {
    facets.set(`key:${key}`, new Set(configs.map((values) => formatValue(values.get(key)))).size);
  }
  return facets;
}

/**
 * Of each experiment's key: "digits · Nov 24, 14:02", with seconds or the project's name where launches are otherwise alike.
 *
 * @param isShort without the name of the experiment where all have the same
 */
export function launchLabels(
  runs: readonly RunSummary[],
  locale: string,
  { isShort = false } = {},
): ReadonlyMap<string, string> {
  const launches = new Map<string, RunSummary>();
  for (const run of [...runs].sort(byCreation)) {
    if (!launches.has(experimentKey(run))) launches.set(experimentKey(run), run);
  }
  const names = new Set(runs.map(({ manifest }) => manifest.experiment.name));
  const labelOf = ({ manifest }: RunSummary, withSeconds: boolean) => {
    const time = formatTime(Date.parse(manifest.createdAt), locale, withSeconds);
    return isShort && names.size === 1 ? time : `${manifest.experiment.name} · ${time}`;
  };
  const labels = [...launches].map(([key, run]) => ({
    ...{ key, run, short: labelOf(run, false) },
    long: labelOf(run, true),
  }));
  const shorts = labels.map(({ short }) => short);
  const told = distinct(
    labels.map(({ run, short, long }) => [isOnce(short, shorts) ? short : long, projectOf(run)]),
  );
  return new Map(labels.map(({ key }, i) => [key, told[i]!]));
}

function isOnce(label: string, all: readonly string[]): boolean {
  return all.indexOf(label) === all.lastIndexOf(label);
}

function facetValue(
  run: RunSummary,
  facet: Facet,
  launches?: ReadonlyMap<string, string>,
): { readonly key: string; readonly label: string } {
  const { manifest, notes, status, folder } = run;
  switch (facet) {
    case 'launch': {
      const key = experimentKey(run);
      return { key, label: launches?.get(key) ?? key };
    }
    case 'config':
      return {
        key: path.join(path.dirname(folder), manifest.configPath),
        label: manifest.configPath,
      };
    case 'method':
      return same(manifest.aggregator);
    case 'seed':
      return same(`seed ${formatSeed(manifest.seed)}`);
    case 'tag':
      return same(notes.tags.map((tag) => `#${tag}`).join(' ') || 'no tag');
    case 'status':
      return same(status);
    default: {
      const name = facet.slice('key:'.length);
      const value = formatValue(settingsOf(manifest).get(name));
      return { key: value, label: `${lastKey(name)} ${value}` };
    }
  }
}

function same(text: string) {
  return { key: text, label: text };
}

/** Name of the folder that holds `.grain`. */
function projectOf({ folder }: RunSummary): string {
  return path.basename(rootOf(folder));
}
