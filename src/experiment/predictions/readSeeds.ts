import { formatSeed } from '../../runs/format.ts';
import type { RunSummary } from '../../runs/store.ts';
import { answerMarker } from './comparedAnswer.ts';
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
