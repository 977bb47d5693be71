import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { formatOf } from '../../config/data.ts';
import { missingWords } from '../../config/dataSchema.ts';
import { extensionOf } from '../../config/fileKinds.ts';
import { complaintAbout } from '../../config/userPath.ts';
import { isMissing, isNumeric, writtenIn } from '../cells.ts';
import { openTable, type TableConfig } from '../openTable.ts';
import { DataError, FIRST_POSITION, type Table, TableFile } from '../table.ts';
import type { Column, TableDescription } from './description.ts';

/** Rows that are read: more would change a proposal rarely. */
const ROWS = 2_000;
/** Values that are kept of a column. */
const VALUES = 20;

const DELIMITERS = [',', ';', '\t', '|'] as const;

/** How file names say that they hold validation examples. */
const VALIDATION = /(?:^|[-_.])(?:valid|validation|val|dev|test|eval)(?:[-_.]|$)/i;

/**
 * Reads the first rows of a data file.
 * @throws DataError if it cannot be read in any way that a config could name
 */
export async function describeTable(file: string): Promise<TableDescription> {
  const complaint = complaintAbout(file, process.cwd());
  if (complaint) {
    const expected = `a data file${complaint.advice ? `. ${complaint.advice}` : ''}`;
    throw new DataError(file, FIRST_POSITION, complaint.message, { expected });
  }
  const format = formatOf(file) ?? 'csv';
  const { table, delimiter } = await open(file, { format });
  const tallies = table.columns.map(() => new ColumnTally());
  const columns = new Set(table.columns.keys());
  let rows = 0;
  for await (const { cells } of table.rows({ columns, all: false })) {
    for (const [index, tally] of tallies.entries()) tally.add(cells[index]);
    if (++rows === ROWS) break;
  }
  if (rows === 0) {
    throw new DataError(file, FIRST_POSITION, 'the file has no examples', {
      expected: 'at least one row below the names of the columns',
    });
  }
  return {
    file: path.resolve(file),
    format,
    delimiter,
    rows,
    columns: tallies.map((tally, index) => tally.column(table.columns[index]!)),
    validation: await validationBeside(file, { format }, table.columns),
  };
}

/** CSV with the delimiter that the file is written with: the first that makes more than one column. */
async function open(
  file: string,
  config: Pick<TableConfig, 'format'>,
): Promise<{ table: Table; delimiter: TableDescription['delimiter'] }> {
  const read = (delimiter: (typeof DELIMITERS)[number]) =>
    openTable(new TableFile(file, () => {}), { columns: undefined, ...config, delimiter });
  if (config.format !== 'csv') return { table: await read(','), delimiter: null };
  let failure: unknown;
  for (const delimiter of DELIMITERS) {
    try {
      const table = await read(delimiter);
      if (table.columns.length > 1) return { table, delimiter };
    } catch (error) {
      failure ??= error;
    }
  }
  throw (
    failure ??
    new DataError(file, FIRST_POSITION, 'the file has one column', {
      expected: 'at least two: what to predict, and what to predict it from',
    })
  );
}

/** Counts what is in the cells of a column. */
class ColumnTally {
  readonly #counts = new Map<string, number>();
  #missing = 0;
  #other = 0;
  #numbers = 0;
  #length = 0;
  #range = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY, whole: true };

  add(cell: unknown): void {
    if (isMissing(cell, words)) {
      this.#missing++;
      return;
    }
    const text = writtenIn(cell);
    if (text === null) {
      this.#other++;
      return;
    }
    this.#counts.set(text, (this.#counts.get(text) ?? 0) + 1);
    this.#length += text.length;
    if (!isNumeric(text) || typeof cell === 'boolean') return;
    this.#numbers++;
    const { min, max, whole } = this.#range;
    const value = Number(text);
    this.#range = {
      min: Math.min(min, value),
      max: Math.max(max, value),
      whole: whole && Number.isInteger(value),
    };
  }

  column(name: string): Column {
    const counts = [...this.#counts].sort(([, a], [, b]) => b - a);
    const filled = counts.reduce((sum, [, count]) => sum + count, 0);
    const isNumbers = filled > 0 && this.#numbers === filled && this.#other === 0;
    return {
      name,
      kind: this.#other > 0 || filled === 0 ? 'other' : isNumbers ? 'numbers' : 'texts',
      distinct: counts.length,
      values: counts.slice(0, VALUES).map(([value]) => value),
      missing: this.#missing,
      length: filled === 0 ? 0 : this.#length / filled,
      range: isNumbers ? this.#range : null,
    };
  }
}

const words = new Set(missingWords);

async function validationBeside(
  file: string,
  config: Pick<TableConfig, 'format'>,
  columns: readonly string[],
): Promise<TableDescription['validation']> {
  const folder = path.dirname(file);
  const own = path.basename(file);
  if (VALIDATION.test(own.replace(/\.[^.]+$/, ''))) return null;
  const names = (await readdir(folder)).filter(
    (name) => name !== own && VALIDATION.test(name) && extensionOf(name) === extensionOf(own),
  );
  // One named validation is meant sooner than one named test.
  names.sort((a, b) => Number(/test/i.test(a)) - Number(/test/i.test(b)) || a.localeCompare(b));
  for (const name of names) {
    const beside = path.join(folder, name);
    const opened = await open(beside, config).catch(() => null);
    if (!opened) continue;
    const lacks = columns.filter((column) => !opened.table.columns.includes(column));
    if (lacks.length < columns.length / 2) return { file: path.resolve(beside), lacks };
  }
  return null;
}
