/** Which runs the explorer shows, and in which order. */
import { formatRun } from '../../runs/format.ts';
import type { RunSummary } from '../../runs/store.ts';

type Fits = (run: RunSummary) => boolean;

/**
 * What a filter asks for: words, all of which must fit. `accuracy > 0.8` compares the last metric, `#baseline` is a tag, `starred`
 * a star, any other word part of name, method, status, config, tag or note, in any case.
 */
export function parseFilter(text: string): Fits {
  const comparison = /([\w-]+)\s*(<=|>=|<|>|=)\s*(-?[\d.]+(?:e-?\d+)?)/gi;
  const fits: Fits[] = [...text.matchAll(comparison)].map(([, name, sign, value]) =>
    comparing(name!.toLowerCase(), sign!, Number(value)),
  );
  const words = text.replaceAll(comparison, ' ').toLowerCase().split(/\s+/).filter(Boolean);
  fits.push(...words.map(wordFits));
  return (run) => fits.every((fit) => fit(run));
}

function comparing(name: string, sign: string, bound: number): Fits {
  return ({ lastMetric, step }) => {
    const value =
      name === 'step' ? step : lastMetric?.name.toLowerCase() === name ? lastMetric.value : null;
    if (value === null) return false;
    if (sign === '=') return value === bound;
    if (sign.includes('=') && value === bound) return true;
    return sign.startsWith('<') ? value < bound : value > bound;
  };
}

function wordFits(word: string): Fits {
  return (run) => {
    const { manifest, status, notes } = run;
    if (word === 'starred' || word === '★') return notes.starred;
    const tags = notes.tags.map((tag) => tag.toLowerCase());
    if (word.startsWith('#')) return tags.some((tag) => tag === word.slice(1));
    const texts = [
      formatRun(manifest),
      status,
      manifest.configPath,
      notes.name,
      notes.note,
      ...tags,
    ];
    return texts.some((text) => text.toLowerCase().includes(word));
  };
}

export const orders = {
  newest: 'Newest first',
  oldest: 'Oldest first',
  name: 'By name',
  metric: 'Best metric first',
} as const;

export type Order = keyof typeof orders;

/** A comparison of experiments by all their runs. @returns undefined for the order of {@link buildTree}, the newest first */
export function orderOf(
  order: Order,
): (a: readonly RunSummary[], b: readonly RunSummary[]) => number {
  const time = ([run]: readonly RunSummary[]) => Date.parse(run!.manifest.createdAt);
  const name = ([run]: readonly RunSummary[]) => run!.manifest.experiment.name;
  switch (order) {
    case 'newest':
      return (a, b) => time(b) - time(a);
    case 'oldest':
      return (a, b) => time(a) - time(b);
    case 'name':
      return (a, b) => name(a).localeCompare(name(b)) || time(b) - time(a);
    case 'metric':
      return (a, b) => bestOf(b) - bestOf(a) || time(b) - time(a);
  }
}

/** Larger is better; −∞ before the first validation. Meant for experiments with the same metric. */
function bestOf(runs: readonly RunSummary[]): number {
  const values = runs.map(({ lastMetric, manifest }) => {
    const value = lastMetric?.value ?? Number.NaN;
    return manifest.metric.better === 'lower' ? -value : value;
  });
  return Math.max(Number.NEGATIVE_INFINITY, ...values.filter(Number.isFinite));
}
