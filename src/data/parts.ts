/** The training and the validation examples of a config, as tables: files, or rows of one file. */
import { createHash } from 'node:crypto';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { isSplit, type ValidationSplit } from '../config/data.ts';
import type { ParsedConfig } from '../config/parse.ts';
import type { Config } from '../config/schema.ts';
import { keyedRandom } from '../engine/keyedRandom.ts';
import { isMissing } from './cells.ts';
import { openTables } from './openTables.ts';
import type { Row, Table, TableFile, UsedColumns } from './table.ts';

export type Part = 'train' | 'validation';

/** A table, and what was left out of it when its rows had been read. */
export interface PartTable extends Table {
  /** Rows that `data.dropIncomplete` left out. */
  readonly dropped: { count: number };
}

/** @throws DataError as {@link openTables} does */
export async function openPart(
  part: Part,
  files: readonly TableFile[],
  parsed: ParsedConfig,
): Promise<PartTable> {
  const { data } = parsed.config;
  const table = await openTables(files, data);
  const { validation } = data;
  const dropped = { count: 0 };
  return {
    ...table,
    dropped,
    rows: (used) => {
      const rows = table.rows(used);
      const own = isSplit(validation) ? rowsOfPart(rows, part, validation, parsed) : rows;
      return data.dropIncomplete ? completeRows(own, used, data, dropped) : own;
    },
  };
}

/** SHA-256 of what a part is read from, hex. Call it once, after its rows were read. */
export function fingerprintOf(
  part: Part,
  files: readonly TableFile[],
  { config: { data } }: ParsedConfig,
): string {
  const each = files.map((file) => file.fingerprint());
  const whole = each.length === 1 ? each[0]! : sha256(each.join(' '));
  if (!isSplit(data.validation)) return whole;
  const { share, seed } = data.validation;
  return sha256(`${whole} ${part} ${share} ${seed}`);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Of every 1/share rows that follow each other, one belongs to the validation examples, drawn by the seed. So a file that is
 * sorted, by class or by time, is drawn from evenly.
 * @throws ConfigError if there are too few rows for a validation example
 */
async function* rowsOfPart(
  rows: AsyncIterable<Row>,
  part: Part,
  { share, seed }: ValidationSplit,
  parsed: ParsedConfig,
): AsyncGenerator<Row> {
  const random = keyedRandom('validation split', seed);
  const wanted = part === 'validation';
  let [index, end, block, drawn, yielded] = [0, 0, 0, -1, 0];
  for await (const row of rows) {
    if (index === end) {
      block++;
      end = Math.ceil(block / share - 1e-9);
      drawn = uniformInt(random, index, end - 1);
    }
    if ((index === drawn) === wanted) {
      yielded++;
      yield row;
    }
    index++;
  }
  if (yielded > 0) return;
  throw parsed.error(
    ['data', 'validation'],
    `a share of ${share} leaves none of ${index} rows for validation`,
    {
      expected: 'a larger share, or more rows in data.train',
    },
  );
}

async function* completeRows(
  rows: AsyncIterable<Row>,
  { columns }: UsedColumns,
  { missing }: Pick<Config['data'], 'missing'>,
  dropped: { count: number },
): AsyncGenerator<Row> {
  const words = new Set(missing);
  const used = [...columns];
  for await (const row of rows) {
    if (used.some((column) => isMissing(row.cells[column], words))) dropped.count++;
    else yield row;
  }
}
