import type { ParsedConfig } from '../config/parse.ts';
import { labelIn, numberIn } from './cells.ts';
import type { Labels } from './dataset.ts';
import { DataError, type Row, type Table } from './table.ts';

/** Encodes texts as indices into their sorted distinct values. */
export function toLabels(texts: readonly string[]): Labels {
  const names = [...new Set(texts)].sort(comparisonFor(texts));
  const indexOf = new Map(names.map((name, index) => [name, index]));
  return { names, indices: Int32Array.from(texts, (text) => indexOf.get(text)!) };
}

function comparisonFor(texts: readonly string[]): (a: string, b: string) => number {
  const areNumbers = texts.every((text) => text.trim() !== '' && Number.isFinite(Number(text)));
  return areNumbers ? (a, b) => Number(a) - Number(b) : (a, b) => (a < b ? -1 : Number(a > b));
}

/**
 * Reads a row's target as text: the name of a class, or a number.
 * @param classes the classes of the training data; undefined while those are read
 * @throws DataError at the cell
 */
export function targetIn(
  table: Table,
  row: Row,
  column: number,
  { config: { task } }: ParsedConfig,
  classes?: ReadonlySet<string>,
): string {
  if (task === 'regression') {
    const remedy = 'set task: classification if the column holds classes';
    return String(numberIn(table, row, column, { remedy }));
  }
  const target = labelIn(table, row, column);
  if (!classes || classes.has(target)) return target;
  throw new DataError(table.file, row.position(column), `unknown class "${target}"`, {
    expected: 'a class of the training data',
    name: { wrong: target, valid: [...classes] },
  });
}

/**
 * The distinct classes among the training targets, sorted.
 * @throws ConfigError for a single class, or for more classes than the config's metric allows
 */
export function classesOf(targets: readonly string[], parsed: ParsedConfig): readonly string[] {
  const { names } = toLabels(targets);
  if (names.length < 2) {
    throw parsed.error(
      ['data', 'target'],
      `the training data has only one class: "${names[0]}" in every row`,
      { expected: 'at least two classes' },
    );
  }
  if (parsed.config.metric === 'f1' && names.length > 2) {
    throw parsed.error(['metric'], `f1 needs two classes, but there are ${names.length}`, {
      expected: 'macroF1, accuracy or mcc',
    });
  }
  return names;
}

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
