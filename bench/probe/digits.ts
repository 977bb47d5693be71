/** Small classification tasks of handwritten digits, made to differ in what their groups have in common. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { keyedRandom } from '../../src/engine/keyedRandom.ts';
import { shuffle } from '../../src/engine/seededRandom.ts';
import type { Example } from './network.ts';

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const VALIDATION = 80;
const SOURCES = ['north', 'east', 'south', 'west', 'centre', 'coast', 'hill', 'lake'];

export interface DigitsTask {
  readonly classes: readonly number[];
  /** Training examples of each class. */
  readonly counts: readonly number[];
  /** Sources that the examples of every class are dealt out to. */
  readonly sources: number;
  /** Share of the examples of each source, the last ones first, whose label is drawn at random. */
  readonly noise: readonly number[];
  /** What else is wrong with the last source: pixels inverted, or every label replaced by the next one. */
  readonly odd?: 'inverted' | 'shifted labels';
}

/** Both files as CSV: 14×14 grey values from 0 to 1, the label and, in training data of several sources, the source. */
export function digitsFiles(task: DigitsTask): { train: string; validation: string } {
  const { train, validation } = digitsExamples(task, 2);
  const csv = (examples: readonly Example[], withSource: boolean) => {
    const features = Array.from(examples[0]!.features, (_, i) => `p${i}`);
    const header = [...features, 'label', ...(withSource ? ['source'] : [])];
    const rows = examples.map(({ features, target, source }) =>
      [...features, task.classes[target], ...(withSource ? [SOURCES[source]] : [])].join(','),
    );
    return `${[header.join(','), ...rows].join('\n')}\n`;
  };
  return { train: csv(train, task.sources > 1), validation: csv(validation, false) };
}

/**
 * Features: grey values from 0 to 1; targets: places in `classes`.
 * @param square side of the squares of pixels that a feature averages: 4 gives 7×7 features
 */
export function digitsExamples(
  task: DigitsTask,
  square: number,
): { train: Example[]; validation: Example[] } {
  const random = keyedRandom('bench probe digits', 0);
  const train: Example[] = [];
  const validation: Example[] = [];
  for (const [target, digit] of task.classes.entries()) {
    const count = task.counts[target]!;
    const images = imagesOf(digit, VALIDATION + count, random).map((pixels) =>
      coarse(pixels, square),
    );
    validation.push(
      ...images.slice(0, VALIDATION).map((features) => ({ features, target, source: 0 })),
    );
    for (const [i, features] of images.slice(VALIDATION).entries()) {
      train.push(spoilt({ features, target, source: i % task.sources }, task, random));
    }
  }
  return { train, validation };
}

/** As the source of the example would have recorded it. */
function spoilt(example: Example, task: DigitsTask, random: RandomGenerator): Example {
  const { classes, sources, noise, odd } = task;
  const { target, source, features } = example;
  const fromLast = sources - 1 - source;
  if (uniformFloat64(random) < (noise[fromLast] ?? 0)) {
    return { ...example, target: uniformInt(random, 0, classes.length - 1) };
  }
  if (fromLast > 0 || odd === undefined) return example;
  if (odd === 'inverted') return { ...example, features: features.map((grey) => 1 - grey) };
  return { ...example, target: (target + 1) % classes.length };
}

/** The first images of one digit in a random order. */
function imagesOf(digit: number, count: number, random: RandomGenerator): number[][] {
  const file = fileURLToPath(import.meta.resolve(`mnist/src/digits/${digit}.json`));
  const { data } = JSON.parse(readFileSync(file, 'utf8')) as { data: number[] };
  const all = Math.floor(data.length / PIXELS);
  const order = shuffle(
    Array.from({ length: all }, (_, i) => i),
    random,
  );
  return order.slice(0, count).map((i) => data.slice(i * PIXELS, (i + 1) * PIXELS));
}

function coarse(pixels: readonly number[], square: number): Float64Array {
  const side = SIDE / square;
  const greys = new Float64Array(side * side);
  for (let i = 0; i < pixels.length; i++) {
    const [y, x] = [Math.floor(i / SIDE / square), Math.floor((i % SIDE) / square)];
    greys[y * side + x]! += pixels[i]! / square ** 2;
  }
  return greys.map((grey) => Math.round(1000 * grey) / 1000);
}
