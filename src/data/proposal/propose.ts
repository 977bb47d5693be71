/** What a data file seems to be for: target, task, inputs and groups, the likeliest first. Reads no file. */
import type { Config } from '../../config/schema.ts';
import type { Column, TableDescription } from './description.ts';

/** What examples are predicted from. */
export type Inputs =
  | { readonly kind: 'texts'; readonly columns: readonly string[] }
  | {
      readonly kind: 'numbers';
      /** Null: all columns but the target and that of the groups. */
      readonly columns: readonly string[] | null;
      readonly image: readonly [number, number, number] | null;
    };

/** Names of targets in published data sets, and of answers. */
const TARGET =
  /^(?:labels?|targets?|class(?:es)?|category|sentiment|answers?|outputs?|completion|response|score|rating|stars|gold|species|outcome|price)$/i;
/** Names of columns that tell where an example comes from. */
const SOURCE =
  /^(?:source|domain|genre|dataset|corpus|lang(?:uage)?|group|annotator|origin|subject|site|hospital|device)s?$/i;
const INDEX = /^(?:|id|idx|index|unnamed: \d+|__index_level_\d+__)$/i;

/** More classes than these are rather numbers or texts to predict. */
const MOST_CLASSES = 50;
/** More groups would each have too few examples of a batch. */
const MOST_GROUPS = 16;
/** Shorter values are names rather than texts. */
const TEXT_LENGTH = 12;

/** Columns that can be predicted, the likeliest first. */
export function targets({ columns, rows }: TableDescription): Column[] {
  const possible = columns.filter(
    (column) => column.kind !== 'other' && column.distinct > 1 && !isIndex(column, rows),
  );
  const named = possible.filter(({ name }) => TARGET.test(name));
  // In most tables the last column is what the others explain.
  const others = possible.filter((column) => !named.includes(column)).reverse();
  const classes = others.filter(
    (column) => !isSource(column) && taskFor(column, rows) === 'classification',
  );
  return [...named, ...classes, ...others.filter((column) => !classes.includes(column))];
}

export function taskFor(target: Column, rows: number): Config['task'] {
  const isRepeated = target.distinct <= Math.max(2, rows / 4);
  if (target.kind === 'numbers') {
    const areClasses = target.range!.whole && target.distinct <= 20 && isRepeated;
    return areClasses ? 'classification' : 'regression';
  }
  return target.distinct <= MOST_CLASSES && isRepeated ? 'classification' : 'generation';
}

/** What a target can be predicted from, the likeliest first; empty if from nothing. */
export function inputs(
  description: TableDescription,
  target: Column,
  group: string | null,
): Inputs[] {
  const { columns, rows } = description;
  const others = columns.filter(
    (column) => column !== target && column.name !== group && !isIndex(column, rows),
  );
  const texts = others.filter(
    ({ kind, length, distinct }) => kind === 'texts' && length >= TEXT_LENGTH && distinct > 2,
  );
  const found: Inputs[] = [];
  // The longest tell most; in the order of the file, in which a question stands before its passage.
  const longest = [...texts].sort((a, b) => b.length - a.length).slice(0, 2);
  if (longest.length === 2) {
    const pair = texts.filter((column) => longest.includes(column)).map(({ name }) => name);
    found.push({ kind: 'texts', columns: pair });
  }
  found.push(...texts.map(({ name }): Inputs => ({ kind: 'texts', columns: [name] })));
  if (taskFor(target, rows) === 'generation') return found;
  const numbers = others.filter(({ kind, distinct }) => kind === 'numbers' && distinct > 1);
  const all = others.filter(({ kind }) => kind === 'numbers');
  if (numbers.length === 0) return found;
  const image = imageShape(all);
  const used = image ? all : numbers;
  // Without a list, every other column would be a feature.
  const isAll = columns.every(
    (column) => column === target || column.name === group || used.includes(column),
  );
  found.push({ kind: 'numbers', columns: isAll ? null : used.map(({ name }) => name), image });
  return found;
}

/** Columns whose values may be groups, those that tell where examples come from first. */
export function groupColumns({ columns }: TableDescription, target: Column): Column[] {
  const possible = columns.filter(
    ({ name, kind, distinct, missing }) =>
      name !== target.name &&
      kind === 'texts' &&
      distinct > 1 &&
      distinct <= MOST_GROUPS &&
      !missing,
  );
  const named = possible.filter(({ name }) => SOURCE.test(name));
  return [...named, ...possible.filter((column) => !named.includes(column))];
}

/** Whether groups by the column's values are to be proposed before micro-batches. */
export function isSource({ name }: Column): boolean {
  return SOURCE.test(name);
}

/** Whole numbers from 0 to 255 in as many columns as a square has pixels: an image. */
function imageShape(columns: readonly Column[]): readonly [number, number, number] | null {
  const side = Math.sqrt(columns.length);
  if (!Number.isInteger(side) || side < 8) return null;
  const arePixels = columns.every(
    ({ range }) => range!.whole && range!.min >= 0 && range!.max <= 255,
  );
  return arePixels ? [side, side, 1] : null;
}

/** Numbers of rows, by their name or as every value is another one of a range without gaps. */
function isIndex({ name, range, distinct }: Column, rows: number): boolean {
  if (INDEX.test(name)) return true;
  if (!range?.whole) return false;
  return distinct === rows && range.max - range.min < 2 * rows;
}
