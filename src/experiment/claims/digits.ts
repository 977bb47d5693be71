/** The handwritten digits that every installation carries, as training sets of claims. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import writeFileAtomic from 'write-file-atomic';
import { keyedRandom } from '../../engine/keyedRandom.ts';
import { shuffle } from '../../engine/seededRandom.ts';
import { MISLABELLED, SOURCES, sourceOf } from './sources.ts';

/** Examples kept from training, to replace others. */
const RESERVE = 30;
/** One of so many examples of the rare digits stays. */
const RARE = 6;

/** Pixels of a side as carried, and of the side of a square that becomes one pixel. */
const SIDE = 28;
const SQUARE = 2;

interface Row {
  /** Grey values 0…255, row by row. */
  readonly pixels: readonly number[];
  readonly label: string;
}

/** Wrong labels: none; a quarter, the same share of every source; or those of one source of four. */
type Noise = 'none' | 'even' | 'source';

export interface DigitsKind {
  readonly noise?: Noise;
  /** The digits 5 to 9 have a sixth of the examples of the others. */
  readonly isUnbalanced?: boolean;
  /** With a column `source` of four values. */
  readonly isSourced?: boolean;
}

/** Training sets made of the 360 correctly labelled images, written into a folder when first asked for. */
export class Digits {
  readonly #carried: string;
  readonly #folder: string;
  #read: readonly Row[] | undefined;

  /**
   * @param folder where files are written
   * @param carried folder of the data that the package carries
   */
  constructor(folder: string, carried = carriedData()) {
    this.#carried = carried;
    this.#folder = folder;
  }

  /** Path of 400 correctly labelled images. */
  validation(): string {
    return this.#written('digits-validation', false, () =>
      readImages(path.join(this.#carried, 'validation.csv.gz')).map(from(SOURCES[0])),
    );
  }

  /** Path of a training set. */
  train({ noise = 'none', isUnbalanced = false, isSourced = false }: DigitsKind = {}): string {
    const name = ['digits', noise, isUnbalanced && 'unbalanced', isSourced && 'sourced'];
    return this.#written(name.filter(Boolean).join('-'), isSourced, () => {
      const all = isUnbalanced ? this.#images().filter(isKept) : this.#images();
      return withNoise(all, noise);
    });
  }

  /**
   * Path of a training set of 330 examples.
   * @param replaced the place of the example that is another one than in the set itself; `null` for the set itself
   */
  twin(replaced: number | null): string {
    return this.#written(`digits-twin-${replaced ?? 'none'}`, false, () => {
      const rows = this.#images();
      const order = shuffle(Int32Array.from(rows.keys()), keyedRandom('twins', 0));
      const shuffled = Array.from(order, (at) => rows[at]!);
      const training = shuffled.slice(RESERVE);
      if (replaced !== null) {
        training[replaced % training.length] = shuffled[replaced % RESERVE]!;
      }
      return training.map(from(SOURCES[0]));
    });
  }

  #written(name: string, isSourced: boolean, rows: () => readonly SourcedRow[]): string {
    const file = path.join(this.#folder, `${name}.csv`);
    if (existsSync(file)) return file;
    mkdirSync(this.#folder, { recursive: true });
    const [rest, source] = [rows(), isSourced ? ['source'] : []];
    const columns = rest[0]!.pixels.map((_, pixel) => `p${pixel}`);
    const table = [
      [...columns, 'label', ...source],
      ...rest.map((row) => [...row.pixels, row.label, ...(isSourced ? [row.source] : [])]),
    ];
    writeFileAtomic.sync(file, `${table.map((cells) => cells.join(',')).join('\n')}\n`);
    return file;
  }

  #images() {
    this.#read ??= readImages(path.join(this.#carried, 'train.csv.gz'));
    return this.#read;
  }
}

type SourcedRow = Row & { readonly source: string };

/** Beside the bundle; in the sources, what `npm run build` copies there. */
function carriedData(): string {
  const isSource = import.meta.url.endsWith('.ts');
  const folder = fileURLToPath(
    new URL(isSource ? '../../../dist/example/data' : './example/data', import.meta.url),
  );
  if (existsSync(folder)) return folder;
  throw new Error(
    `${folder} is missing. Expected the digits that the package carries. ${isSource ? 'npm run build writes them.' : 'Install it again.'}`,
  );
}

/** The correctly labelled ones, without the source whose labels are random, at half their width and height: a claim takes hundreds of runs. */
function readImages(file: string): Row[] {
  const [header, ...lines] = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n');
  const columns = header!.split(',');
  const [label, source] = [columns.indexOf('label'), columns.indexOf('source')];
  return lines
    .map((line) => line.split(','))
    .filter((cells) => source < 0 || cells[source] !== MISLABELLED)
    .map((cells) => ({
      pixels: pooled(cells.slice(0, SIDE * SIDE).map(Number)),
      label: cells[label]!,
    }));
}

/** Means over squares, rounded. @param pixels SIDE² */
function pooled(pixels: readonly number[]): number[] {
  const side = SIDE / SQUARE;
  return Array.from({ length: side * side }, (_, i) => {
    const [top, left] = [SQUARE * Math.floor(i / side), SQUARE * (i % side)];
    let sum = 0;
    for (let y = top; y < top + SQUARE; y++) {
      for (let x = left; x < left + SQUARE; x++) sum += pixels[y * SIDE + x]!;
    }
    return Math.round(sum / SQUARE ** 2);
  });
}

function from(source: string): (row: Row) => SourcedRow {
  return (row) => ({ ...row, source });
}

/** The rows of a digit stand together: of the rare ones every sixth stays. */
function isKept({ label }: Row, at: number): boolean {
  return label < '5' || at % RARE === 0;
}

/** As many wrong labels evenly as in one source: a quarter, each drawn from all digits. */
function withNoise(rows: readonly Row[], noise: Noise): SourcedRow[] {
  const random = keyedRandom('wrong labels', 0);
  return rows.map((row, i) => {
    const source = sourceOf(i);
    // Rows deal out sources in turn: of four in a row one is of each, and the next four begin with another one's turn.
    const isWrong =
      noise === 'source'
        ? source === MISLABELLED
        : noise === 'even' && (i + Math.floor(i / SOURCES.length)) % SOURCES.length === 0;
    return { ...row, source, label: isWrong ? String(uniformInt(random, 0, 9)) : row.label };
  });
}
