import { promptColumns, promptOf, textColumns } from '../config/data.ts';
import { nearest } from '../config/diagnostic.ts';
import type { ParsedConfig } from '../config/parse.ts';
import { isNumeric } from './cells.ts';
import { listed } from './labels.ts';
import type { Table, UsedColumns } from './table.ts';

/** The columns that every task uses, as indices into a table's `columns`. */
interface CommonRoles {
  readonly target: number;
  /** The column that groups are made by. */
  readonly group: number | null;
}

/** The columns used if examples are rows of numbers. */
export interface TabularRoles extends CommonRoles {
  readonly features: readonly number[];
}

/** The columns used if examples are texts, or paths of images. */
export interface TextRoles extends CommonRoles {
  /** Index of each text column by its name. */
  readonly texts: ReadonlyMap<string, number>;
}

/** Prefix of a column's name in `groups.by`. */
const GROUP_PREFIX = 'column:';

/** Name of the column that groups are made by; null for other groupings. */
export function groupColumn(by: string): string | null {
  return by.startsWith(GROUP_PREFIX) ? by.slice(GROUP_PREFIX.length) : null;
}

/**
 * Finds the columns that a config names in the training table. Features are the listed columns, or all but the target and the
 * column that groups are made by.
 * @throws ConfigError at the key that names a missing column
 */
export function trainingRoles(table: Table, parsed: ParsedConfig): TabularRoles {
  const { data } = parsed.config;
  const { target, group } = commonRoles(table, parsed);
  const features = data.features
    ? data.features.map((name, i) => indexOf(name, table, parsed, ['data', 'features', i]))
    : [...table.columns.keys()].filter((index) => index !== target && index !== group);
  if (!data.features) checkNamed(features, table, parsed);
  if (features.length === 0) {
    throw parsed.error(['data', 'target'], `${table.file} has no columns left for the features`, {
      expected: 'at least one column besides the target',
    });
  }
  return { features, target, group };
}

/** What pandas calls an index that it wrote as a column; in CSV its name is empty. */
const INDEX = /^(?:|Unnamed: \d+(?:_level_\d+)?|__index_level_\d+__)$/;

/** @throws ConfigError if an index is among the features that nobody listed */
function checkNamed(features: readonly number[], table: Table, parsed: ParsedConfig): void {
  const index = features.find((feature) => INDEX.test(table.columns[feature]!));
  if (index === undefined) return;
  const name = table.columns[index]!;
  const column = `column ${index + 1} of ${table.file}`;
  throw parsed.error(
    ['data', 'train'],
    name === ''
      ? `${column} has no name, but would be a feature: it looks like an index`
      : `${column}, "${name}", would be a feature, but looks like an index that pandas wrote`,
    {
      expected:
        'a name for each feature. Write the file without its index (index=False), or list data.features',
    },
  );
}

/** The columns of some roles. */
export function usedColumns(
  { target, group, ...roles }: TabularRoles | TextRoles,
  { config: { data } }: ParsedConfig,
): UsedColumns {
  const examples = 'features' in roles ? roles.features : roles.texts.values();
  return {
    columns: new Set([target, ...(group === null ? [] : [group]), ...examples]),
    all: 'features' in roles && data.features === undefined,
  };
}

/** Finds the same columns in the validation table by name; it need not have the column that groups are made by. */
export function validationRoles(
  table: Table,
  parsed: ParsedConfig,
  features: readonly string[],
): TabularRoles {
  const find = (name: string) => validationIndexOf(name, table, parsed);
  return {
    features: features.map(find),
    target: find(parsed.config.data.target),
    group: null,
  };
}

/**
 * Finds the columns that a config names in the training table if examples are texts, or paths of images.
 * @throws ConfigError at the key that names a missing column
 */
export function trainingTextRoles(table: Table, parsed: ParsedConfig): TextRoles {
  const { data } = parsed.config;
  const texts = textNames(parsed).map((name, i) => {
    if (data.imageFile !== undefined) {
      return [name, indexOf(name, table, parsed, ['data', 'imageFile'])] as const;
    }
    if (data.prompt === undefined) {
      const key = typeof data.text === 'string' ? ['data', 'text'] : ['data', 'text', i];
      return [name, indexOf(name, table, parsed, key)] as const;
    }
    const index = table.columns.indexOf(name);
    if (index >= 0) return [name, index] as const;
    throw parsed.error(['data', 'prompt'], `no column "${name}" in ${table.file}`, {
      expected: `placeholders for its columns, which are ${listed(table.columns)}${hint(table.columns)}`,
    });
  });
  return { texts: new Map(texts), ...commonRoles(table, parsed) };
}

/** Finds the same columns in the validation table by name. */
export function validationTextRoles(table: Table, parsed: ParsedConfig): TextRoles {
  const find = (name: string) => validationIndexOf(name, table, parsed);
  return {
    texts: new Map(textNames(parsed).map((name) => [name, find(name)])),
    target: find(parsed.config.data.target),
    group: null,
  };
}

/** Names of the text columns: those in the prompt's placeholders if the task is generation, else those of `data.text`. */
function textNames({ config: { task, data } }: ParsedConfig): readonly string[] {
  if (data.imageFile !== undefined) return [data.imageFile];
  return task === 'generation' ? promptColumns(promptOf(data)) : textColumns(data);
}

function commonRoles(table: Table, parsed: ParsedConfig): CommonRoles {
  const { data, groups } = parsed.config;
  const by = groupColumn(groups.by);
  return {
    target: indexOf(data.target, table, parsed, ['data', 'target']),
    group: by === null ? null : indexOf(by, table, parsed, ['groups', 'by'], GROUP_PREFIX),
  };
}

/** @param prefix written before the name in the config */
function indexOf(
  name: string,
  { file, columns, advice }: Table,
  parsed: ParsedConfig,
  key: readonly (string | number)[],
  prefix = '',
): number {
  const index = columns.indexOf(name);
  if (index >= 0) return index;
  throw parsed.error(key, `no column "${name}" in ${file}`, {
    expected: `one of its columns, which are ${listed(columns)}${advice ? `. ${advice}` : hint(columns)}`,
    name: { wrong: prefix + name, valid: columns.map((column) => prefix + column) },
  });
}

/** @throws ConfigError at the file: another name would have to be written in there, not in the config */
function validationIndexOf(name: string, { file, columns }: Table, parsed: ParsedConfig): number {
  const index = columns.indexOf(name);
  if (index >= 0) return index;
  const near = nearest(name, columns);
  const message = `no column "${name}" in ${file}, which the training file has`;
  throw parsed.error(['data', 'validation'], message, {
    expected: `the same names in both files. Its columns are ${listed(columns)}${hint(columns)}${near === undefined ? '' : `. Is ${listed([near])} the one?`}`,
  });
}

/** What is probably wrong if a column is not among these. */
function hint(columns: readonly string[]): string {
  const delimiter = columns.some((name) => /[;\t|]/.test(name));
  if (delimiter) return '. If another character separates them, set data.delimiter';
  const values = columns.filter(isNumeric).length;
  return values > columns.length / 2
    ? '. If the first line is an example, name the columns in data.columns'
    : '';
}
