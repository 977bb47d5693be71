/**
 * Writes the example's data: the training digits of examples/digits, dealt out to four sources class by class, of which the last
 * gives every image a label at random. Its validation examples are those of examples/digits, correctly labelled.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { keyedRandom } from '../../src/engine/keyedRandom.ts';
import '../digits/prepare.ts';

const SOURCES = ['north', 'east', 'south', 'west'];
const MISLABELLED = 'west';

const folder = path.join(import.meta.dirname, 'data');
const digits = path.join(import.meta.dirname, '../digits/data/train.csv');
const [header, ...rows] = readFileSync(digits, 'utf8').trim().split('\n');
const labels = [...new Set(rows.map((row) => row.slice(row.lastIndexOf(',') + 1)))].sort();
const random = keyedRandom('sources example', 0);

// The rows of a class stand together: every source gets as many of each.
const sourced = rows.map((row, i) => {
  const source = SOURCES[i % SOURCES.length]!;
  if (source !== MISLABELLED) return `${row},${source}`;
  const label = labels[uniformInt(random, 0, labels.length - 1)];
  return `${row.slice(0, row.lastIndexOf(','))},${label},${source}`;
});
mkdirSync(folder, { recursive: true });
writeFileSync(path.join(folder, 'train.csv'), `${[`${header},source`, ...sourced].join('\n')}\n`);
