/** Ids of launches and of their runs. */
import { randomBytes } from 'node:crypto';
import { seedSlug } from './format.ts';
import type { Seed } from './manifest.ts';

/** "digits-20250131-142501-3fa9": sorts by time within a name, and no two launches share one. */
export function newExperimentId(name: string, now: Date): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  const time = now
    .toISOString()
    .replaceAll(/[-:]|\..*/g, '')
    .replace('T', '-');
  return [slug, time, randomBytes(2).toString('hex')].filter(Boolean).join('-');
}

/** The name of a run's folder: "digits-20250131-142501-3fa9-cagrad-c-0.4-seed3". */
export function runId(experiment: string, aggregator: string, seed: Seed): string {
  return `${experiment}-${fileName(aggregator)}-${seedSlug(seed)}`;
}

/** "cagrad c=0.4" as "cagrad-c-0.4": a name on every file system, and different for different labels. */
function fileName(label: string): string {
  return label.replaceAll(/[^\w.-]+/g, '-');
}
