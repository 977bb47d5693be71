/** Small regressions on the STS-B features of bench/guarantee, with sources some of whose scores are drawn from other pairs. */
import { readFileSync } from 'node:fs';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { keyedRandom } from '../../src/engine/keyedRandom.ts';

export interface StsbTask {
  /** Training pairs taken. */
  readonly count: number;
  /** Sources that pairs are dealt out to; 1: the data have no column `source`. */
  readonly sources: number;
  /** Share of the pairs of each source, the last ones first, that get the score of another pair. */
  readonly noise: readonly number[];
}

/** The training data as CSV. @param file features with the score in the last column */
export function stsbTrain(file: string, { count, sources, noise }: StsbTask): string {
  const random = keyedRandom('bench probe stsb', 0);
  const [header, ...all] = readFileSync(file, 'utf8').trim().split(/\r?\n/);
  const rows = all.slice(0, count);
  const scores = rows.map((row) => row.slice(row.lastIndexOf(',') + 1));
  const lines = rows.map((row, i) => {
    const source = i % sources;
    const spoilt = uniformFloat64(random) < (noise[sources - 1 - source] ?? 0);
    const other = uniformInt(random, 0, scores.length - 1);
    const features = row.slice(0, row.lastIndexOf(','));
    return [features, scores[spoilt ? other : i], ...(sources > 1 ? [`source${source}`] : [])];
  });
  const columns = `${header}${sources > 1 ? ',source' : ''}`;
  return `${[columns, ...lines.map((line) => line.join(','))].join('\n')}\n`;
}
