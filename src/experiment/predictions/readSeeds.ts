import { formatSeed } from '../../runs/format.ts';
import type { RunManifest } from '../../runs/manifest.ts';
import type { RunSummary } from '../../runs/store.ts';
import type { SeedPredictions } from './exampleTable.ts';
import { readRunPredictions, type Vocabulary } from './runPredictions.ts';

/** The predictions of those runs that have some, in their order. */
export async function readSeeds(
  runs: readonly RunSummary[],
  vocabulary: Vocabulary,
): Promise<SeedPredictions[]> {
  const seeds: SeedPredictions[] = [];
  for (const { folder, manifest } of runs) {
    const predictions = await readRunPredictions(folder, vocabulary, answerMarker(manifest));
    if (predictions) seeds.push({ seed: formatSeed(manifest.seed), folder, predictions });
  }
  return seeds;
}

/** The config's `data.answerAfter`; undefined without one. */
export function answerMarker({ config }: RunManifest): string | undefined {
  const { data } = config;
  const isObject = typeof data === 'object' && data !== null;
  const marker = isObject && 'answerAfter' in data ? data.answerAfter : undefined;
  return typeof marker === 'string' ? marker : undefined;
}
