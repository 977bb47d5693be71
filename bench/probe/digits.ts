/** Small classification tasks of handwritten digits, made to differ in what their groups have in common. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { keyedRandom } from '../../src/engine/keyedRandom.ts';
import { shuffle } from '../../src/engine/seededRandom.ts';

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const VALIDATION = 80;
const SOURCES = ['north', 'east', 'south', 'west', 'centre', 'coast', 'hill', 'lake'];

export interface DigitsTask {
  readonly classes: readonly number[];
  /** Training examples of each class. */
  readonly counts: readonly number[];
  /** Sources that the examples of every class are dealt out to; 1: the data have no column `source`. */
  readonly sources: number;
  /** Share of the examples of each source, the last ones first, whose label is drawn at random. */
  readonly noise: readonly number[];
  /** What else is wrong with the last source: pixels inverted, or every label replaced by the next one. */
  readonly odd?: 'inverted' | 'shifted labels';
}

interface Example {
  readonly pixels: readonly number[];
  readonly label: number;
  readonly source: number;
}

/** Both files as CSV: 14×14 grey values from 0 to 1, the label and, in the training data, the source. */
export function digitsFiles(task: DigitsTask): { train: string; validation: string } {
  const random = keyedRandom('bench probe digits', 0);
  const train: Example[] = [];
  const validation: Example[] = [];
  for (const [at, label] of task.classes.entries()) {
    const images = imagesOf(label, random);
    const count = task.counts[at]!;
    validation.push(...images.slice(0, VALIDATION).map((pixels) => ({ pixels, label, source: 0 })));
    for (const [i, pixels] of images.slice(VALIDATION, VALIDATION + count).entries()) {
      train.push(spoilt({ pixels, label, source: i % task.sources }, task, random));
    }
  }
  return { train: csv(train, task.sources > 1), validation: csv(validation, false) };
}

/** As the source of the example would have recorded it. */
function spoilt(example: Example, task: DigitsTask, random: RandomGenerator): Example {
  const { classes, sources, noise, odd } = task;
  const { label, source, pixels } = example;
  const fromLast = sources - 1 - source;
  if (uniformFloat64(random) < (noise[fromLast] ?? 0)) {
    return { ...example, label: classes[uniformInt(random, 0, classes.length - 1)]! };
  }
  if (fromLast > 0 || odd === undefined) return example;
  if (odd === 'inverted') return { ...example, pixels: pixels.map((grey) => 1 - grey) };
  return { ...example, label: classes[(classes.indexOf(label) + 1) % classes.length]! };
}

/** Images of one digit at half their resolution, shuffled. */
function imagesOf(digit: number, random: RandomGenerator): number[][] {
  const file = fileURLToPath(import.meta.resolve(`mnist/src/digits/${digit}.json`));
  const { data } = JSON.parse(readFileSync(file, 'utf8')) as { data: number[] };
  const order = shuffle(
    Array.from({ length: Math.floor(data.length / PIXELS) }, (_, i) => i),
    random,
  );
  return order.map((i) => halved(data.slice(i * PIXELS, (i + 1) * PIXELS)));
}

function halved(pixels: readonly number[]): number[] {
  const half = SIDE / 2;
  return Array.from({ length: half * half }, (_, i) => {
    const corner = 2 * Math.floor(i / half) * SIDE + 2 * (i % half);
    const sum = [0, 1, SIDE, SIDE + 1].reduce((total, by) => total + pixels[corner + by]!, 0);
    return Math.round(250 * sum) / 1000;
  });
}

function csv(examples: readonly Example[], withSource: boolean): string {
  const features = examples[0]!.pixels.map((_, i) => `p${i}`);
  const header = [...features, 'label', ...(withSource ? ['source'] : [])];
  const rows = examples.map(({ pixels, label, source }) =>
    [...pixels, label, ...(withSource ? [SOURCES[source]!] : [])].join(','),
  );
  return `${[header.join(','), ...rows].join('\n')}\n`;
}
