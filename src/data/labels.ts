import { alternatives, firstFew, withEscapes } from '../config/diagnostic.ts';
import type { ParsedConfig } from '../config/parse.ts';
import { type CellReader, isNumeric } from './cells.ts';
import type { Labels } from './dataset.ts';
import { lookAlikeKey } from './lookAlikes.ts';
import { DataError, type Row, type Table } from './table.ts';

/** Encodes texts as indices into their sorted distinct values. */
export function toLabels(texts: readonly string[]): Labels {
  const distinct = [...new Set(texts)];
  const names = distinct.sort(comparisonFor(distinct));
  const indexOf = new Map(names.map((name, index) => [name, index]));
  return { names, indices: Int32Array.from(texts, (text) => indexOf.get(text)!) };
}

function comparisonFor(texts: readonly string[]): (a: string, b: string) => number {
  const byUnit = (a: string, b: string) => (a < b ? -1 : Number(a > b));
  // Numbers that float64 cannot tell apart are still in one order.
  return texts.every(isNumeric) ? (a, b) => Number(a) - Number(b) || byUnit(a, b) : byUnit;
}

/**
 * Reads a row's target as text: the name of a class, or a number.
 * @param classes the classes of the training data; undefined while those are read
 * @throws DataError at the cell
 */
export function targetIn(
  cells: CellReader,
  table: Table,
  row: Row,
  column: number,
  { config: { task } }: ParsedConfig,
  classes?: ReadonlySet<string>,
): string {
  if (task === 'regression') {
    const remedy = 'set task: classification if the column holds classes';
    return String(cells.number(row, column, { remedy }));
  }
  const target = cells.label(row, column);
  if (!classes || classes.has(target)) return target;
  const key = lookAlikeKey(target);
  const alike = [...classes].filter((name) => lookAlikeKey(name) === key);
  throw new DataError(table.file, row.position(column), `unknown class ${listed([target])}`, {
    expected:
      alike.length === 0
        ? `a class of the training data, which are ${listed([...classes])}`
        : `${alternatives(alike.map((name) => JSON.stringify(name)))}, as the training data write it. Write it the same in both files`,
    ...(alike.length === 1 && { suggestion: alike[0] }),
  });
}

/** "a", "b" and 3 more; with escapes for characters that do not show */
export function listed(names: readonly string[]): string {
  return firstFew(names.map((name) => withEscapes(JSON.stringify(name))));
}

/**
 * The distinct classes among the training targets, sorted.
 * @throws ConfigError for a single class, and for infinity among numbers, or for more classes than the config's metric allows
 */
export function classesOf(targets: readonly string[], parsed: ParsedConfig): readonly string[] {
  const { names } = toLabels(targets);
  if (names.length < 2) {
    throw parsed.error(
      ['data', 'target'],
      `the training data has only one class: ${listed(names)} in every row`,
      { expected: 'at least two classes' },
    );
  }
  const infinite = names.filter((name) => INFINITY.test(name.trim()));
  if (infinite.length > 0 && names.every((name) => isNumeric(name) || infinite.includes(name))) {
    const row = targets.indexOf(infinite[0]!) + 1;
    throw parsed.error(
      ['data', 'target'],
      `example ${row} of the training data has the class ${listed(infinite.slice(0, 1))}, the others are numbers`,
      { expected: 'finite numbers. Fix the cell or remove its row' },
    );
  }
  if (parsed.config.metric === 'f1' && names.length > 2) {
    throw parsed.error(['metric'], `f1 needs two classes, but there are ${names.length}`, {
      expected: 'macroF1, accuracy or mcc',
    });
  }
  return names;
}

const INFINITY = /^[+-]?inf(?:inity)?$/i;

/**
 * Targets as numbers.
 * @param classes names that targets become indices of; if empty, targets are parsed as numbers
 */
export function targetNumbers(
  targets: readonly string[],
  classes: readonly string[],
): Int32Array | Float64Array {
  if (classes.length === 0) return Float64Array.from(targets, Number);
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  return Int32Array.from(targets, (name) => indexOf.get(name)!);
}
