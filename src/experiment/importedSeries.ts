/** What the scalars of another tool's run are in a run of ours: by their tags, as trainers usually name them. */
import { betterOf } from '../config/ranking.ts';
import type { RunManifest } from '../runs/manifest.ts';

/** Tags in lower case, the likeliest first. */
const losses = [
  ...['train/loss', 'training/loss', 'loss/train', 'train_loss', 'training_loss', 'epoch_loss'],
  'loss',
];
const rates = [
  ...['train/learning_rate', 'train/learningrate', 'learning_rate', 'learningrate', 'lr'],
  ...['train/lr', 'epoch_learning_rate'],
];

/** "val/accuracy", "eval_accuracy" and "accuracy/validation" are accuracy. */
const ofValidation =
  /^(?:validation|valid|val|eval|test|epoch)[/_]|[/_](?:validation|valid|val|eval|test)$/i;

export interface ImportedSeries {
  /** Tag of the training loss, and of the learning rate; null without one. */
  readonly loss: string | null;
  readonly rate: string | null;
  /** From tags to names of metrics. */
  readonly metrics: ReadonlyMap<string, string>;
}

/** @param asked tag of the training loss, if the user has named it */
export function seriesIn(tags: readonly string[], asked?: string): ImportedSeries {
  const find = (names: readonly string[]) => {
    const lower = new Map(tags.map((tag) => [tag.toLowerCase(), tag]));
    return names.flatMap((name) => lower.get(name) ?? [])[0] ?? null;
  };
  const loss = asked ?? find(losses);
  const rate = find(rates);
  const metrics = new Map<string, string>();
  for (const tag of tags) {
    if (tag === loss || tag === rate) continue;
    const name = tag.replace(ofValidation, '');
    metrics.set(tag, [...metrics.values()].includes(name) || name === '' ? tag : name);
  }
  return { loss, rate, metrics };
}

/** The metric that a run is ranked by: the one asked for, or a known one, or any. @param names of metrics that runs have */
export function rankingIn(names: readonly string[], asked?: string): RunManifest['metric'] {
  const known = Object.keys(betterOf);
  const name =
    asked ??
    known.find((metric) => metric !== 'loss' && names.includes(metric)) ??
    (names.includes('loss') ? 'loss' : (names[0] ?? 'loss'));
  const better: Readonly<Record<string, 'higher' | 'lower'>> = betterOf;
  if (Object.hasOwn(better, name)) return { name, better: better[name]! };
  return { name, better: /loss|error|rmse|mae|mse|perplexity/i.test(name) ? 'lower' : 'higher' };
}

/** "baseline_seed3" is method baseline with seed 3. @param name of a run's folder, relative to that of all */
export function methodAndSeed(name: string): {
  readonly method: string;
  readonly seed: number | null;
} {
  const found = /(?:^|[^a-z0-9])(?:seed|s)[-_=]?(\d{1,9})(?![a-z0-9])/i.exec(name);
  if (!found) return { method: name, seed: null };
  const method = (
    name.slice(0, found.index) + name.slice(found.index + found[0].length)
  ).replaceAll(/^[\s/_.-]+|[\s/_.-]+$/g, '');
  return { method, seed: Number(found[1]) };
}
