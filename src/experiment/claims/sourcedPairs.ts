/** Features of pairs of sentences, dealt out to sources. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { keyedRandom } from '../../engine/keyedRandom.ts';
import { shuffle } from '../../engine/seededRandom.ts';
import { MISLABELLED, sourceOf } from './sources.ts';

interface SourcedPairsOptions {
  /** Where the table is written when first asked for. */
  readonly folder: string;
  /** Whether the targets of one source of four are shuffled: each is a score, but of another pair. */
  readonly isMislabelled: boolean;
}

/**
 * Path of a table with a column `source` of four values.
 * @param features path of a table of numbers with the target in its last column
 */
export function sourcedPairs(
  features: string,
  { folder, isMislabelled }: SourcedPairsOptions,
): string {
  const kind = isMislabelled ? 'noise-source' : 'none';
  const [task, part] = [path.basename(path.dirname(features)), path.basename(features, '.csv')];
  const file = path.join(folder, `${task}-${part}-${kind}-sourced.csv`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const [header, ...lines] = readFileSync(features, 'utf8').trim().split(/\r?\n/);
  const rows = lines.map((line) => line.split(','));
  const targets = rows.map((cells) => cells.at(-1)!);
  const wrong = isMislabelled ? [...rows.keys()].filter((at) => sourceOf(at) === MISLABELLED) : [];
  const shuffled = shuffle([...wrong], keyedRandom('wrong targets', 0));
  for (const [i, at] of wrong.entries()) rows[at]![rows[at]!.length - 1] = targets[shuffled[i]!]!;
  const table = [
    `${header},source`,
    ...rows.map((cells, at) => [...cells, sourceOf(at)].join(',')),
  ];
  writeFileAtomic.sync(file, `${table.join('\n')}\n`);
  return file;
}
