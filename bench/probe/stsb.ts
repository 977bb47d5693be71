/** Small regressions on the STS-B features of bench/guarantee, with sources some of whose scores are those of other pairs. */
import { readFileSync } from 'node:fs';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { mean, standardDeviation } from 'simple-statistics';
import { keyedRandom } from '../../src/engine/keyedRandom.ts';
import type { Example } from './network.ts';

/** Features are projected to so many dimensions by random signs: a run then takes a tenth of a second. */
const DIMENSIONS = 64;

export interface StsbTask {
  /** Training pairs taken. */
  readonly count: number;
  /** Sources that pairs are dealt out to. */
  readonly sources: number;
  /** Share of the pairs of each source, the last ones first, that get the score of another pair. */
  readonly noise: readonly number[];
}

/** @param files CSV files with the score in the last column */
export function stsbExamples(
  files: { readonly train: string; readonly validation: string },
  { count, sources, noise }: StsbTask,
): { train: Example[]; validation: Example[] } {
  const random = keyedRandom('bench probe stsb', 0);
  const all = pairsOf(files.train).slice(0, count);
  const train = all.map((pair, i) => {
    const source = i % sources;
    const isSpoilt = uniformFloat64(random) < (noise[sources - 1 - source] ?? 0);
    const other = all[uniformInt(random, 0, all.length - 1)]!;
    return { ...pair, source, target: isSpoilt ? other.target : pair.target };
  });
  return standardized(train, pairsOf(files.validation));
}

/** Features and targets with mean 0 and standard deviation 1 over the training pairs. */
function standardized(train: readonly Example[], validation: readonly Example[]) {
  const scale = (values: readonly number[]) => {
    const [centre, width] = [mean([...values]), standardDeviation([...values])];
    return (value: number) => (value - centre) / width;
  };
  const scales = Array.from({ length: DIMENSIONS }, (_, at) =>
    scale(train.map(({ features }) => features[at]!)),
  );
  const ofTarget = scale(train.map(({ target }) => target));
  const scaled = (pair: Example): Example => ({
    ...pair,
    features: pair.features.map((value, at) => scales[at]!(value)),
    target: ofTarget(pair.target),
  });
  return { train: train.map(scaled), validation: validation.map(scaled) };
}

function pairsOf(file: string): Example[] {
  const [, ...rows] = readFileSync(file, 'utf8').trim().split(/\r?\n/);
  const table = rows.map((row) => row.split(',').map(Number));
  const signs = signsFor(table[0]!.length - 1);
  return table.map((row) => ({ features: projected(row, signs), target: row.at(-1)!, source: 0 }));
}

/** For each feature, a sign for each dimension. */
function signsFor(features: number): number[][] {
  const random = keyedRandom('bench probe projection', 0);
  return Array.from({ length: features }, () =>
    Array.from({ length: DIMENSIONS }, () => 2 * uniformInt(random, 0, 1) - 1),
  );
}

/** Distances are kept on average: signs over the root of the number of dimensions. */
function projected(row: readonly number[], signs: readonly (readonly number[])[]): Float64Array {
  const features = new Float64Array(DIMENSIONS);
  for (const [i, ofFeature] of signs.entries()) {
    for (const [at, sign] of ofFeature.entries()) features[at]! += row[i]! * sign;
  }
  return features.map((value) => value / Math.sqrt(DIMENSIONS));
}
