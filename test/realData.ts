import { existsSync } from 'node:fs';
import path from 'node:path';

/** Where real data sets are looked for: `$GRAIN_DATA`, or `shared/data` beside the checkout. */
export const dataFolder =
  process.env.GRAIN_DATA ?? path.resolve(import.meta.dirname, '../../shared/data');

/** Files of RTE, of the STS benchmark and of GSM8K, as their makers publish them. */
export const realData = {
  rte: { train: file('rte/train.tsv'), validation: file('rte/dev.tsv') },
  stsb: { train: file('stsb/sts-train.csv'), validation: file('stsb/sts-dev.csv') },
  gsm8k: { train: file('gsm8k/train.jsonl'), validation: file('gsm8k/test.jsonl') },
};

/** What is missing of it, said so that one can mend it; undefined if all is there. */
export function missingData(): string | undefined {
  const missing = Object.values(realData)
    .flatMap(({ train, validation }) => [train, validation])
    .filter((path) => !existsSync(path));
  if (missing.length === 0) return undefined;
  return `REAL DATA ARE MISSING: ${missing.join(', ')}. Set GRAIN_DATA to a folder with rte/, stsb/ and gsm8k/.`;
}

function file(name: string): string {
  return path.join(dataFolder, name);
}
