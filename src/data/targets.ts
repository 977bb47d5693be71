import type { Request } from '../config/request.ts';
import { labelIn, numberIn } from './cells.ts';
import { toLabels } from './labels.ts';
import { DataProblem } from './problem.ts';
import type { Row, Table } from './table.ts';

const CLASSES = 'say task: classification if the column holds classes';

/**
 * What is to be predicted of a row, as text: a class, or a number.
 * @param classes the only ones there may be, if that is known
 * @throws DataProblem at the cell
 */
export function targetIn(
  table: Table,
  row: Row,
  column: number,
  { config: { task } }: Request,
  classes?: ReadonlySet<string>,
): string {
  if (task === 'regression') return String(numberIn(table, row, column, { remedy: CLASSES }));
  const target = labelIn(table, row, column);
  if (!classes || classes.has(target)) return target;
  throw new DataProblem(table.file, row.place(column), `class "${target}" is unknown`, {
    expected: 'a class that the training data have',
    name: { wrong: target, valid: [...classes] },
  });
}

/** The classes among the targets of training. @throws ConfigError if they are too few, or too many for the config's metric */
export function classesOf(targets: readonly string[], request: Request): readonly string[] {
  const { names } = toLabels(targets);
  if (names.length < 2) {
    throw request.problem(
      ['data', 'target'],
      `the training data have one class only: "${names[0]}" in every row`,
      { expected: 'at least two classes' },
    );
  }
  if (request.config.metric === 'f1' && names.length > 2) {
    throw request.problem(['metric'], `f1 is of two classes, and there are ${names.length}`, {
      expected: 'macroF1, accuracy or mcc',
    });
  }
  return names;
}

/** Targets as numbers: indices into the classes, or without them the values. */
export function targetNumbers(
  targets: readonly string[],
  classes: readonly string[],
): Int32Array | Float64Array {
  if (classes.length === 0) return Float64Array.from(targets, Number);
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  return Int32Array.from(targets, (name) => indexOf.get(name)!);
}
