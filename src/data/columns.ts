import type { Request } from '../config/request.ts';
import { promptColumns, promptOf, textColumns } from '../config/texts.ts';
import type { Table } from './table.ts';

/** Which columns of a table mean what, whatever its examples are; indices into its `columns`. */
interface CommonRoles {
  readonly target: number;
  /** The column that groups are made by. */
  readonly group: number | null;
}

/** Of a table whose examples are numbers. */
export interface Roles extends CommonRoles {
  readonly features: readonly number[];
}

/** Of a table whose examples are texts. */
export interface TextRoles extends CommonRoles {
  /** Of the columns that `textNames` lists, by name. */
  readonly texts: ReadonlyMap<string, number>;
}

/** Of `groups.by`, before the name of a column. */
const GROUP_PREFIX = 'column:';

/** Name of the column that groups are made by, if they are. */
function groupColumn(by: string): string | null {
  return by.startsWith(GROUP_PREFIX) ? by.slice(GROUP_PREFIX.length) : null;
}

/**
 * Finds the columns that a config names in the training table. Features are the listed ones, or all but the target and the
 * column that groups are made by.
 * @throws ConfigError at the key that names a column which is not there
 */
export function trainingRoles(table: Table, request: Request): Roles {
  const { data } = request.config;
  const { target, group } = commonRoles(table, request);
  const features = data.features
    ? data.features.map((name, i) => indexOf(name, table, request, ['data', 'features', i]))
    : [...table.columns.keys()].filter((index) => index !== target && index !== group);
  if (features.length === 0) {
    throw request.problem(
      ['data', 'target'],
      `no column of ${table.file} is left for the features`,
      {
        expected: 'at least one column beside the target',
      },
    );
  }
  return { features, target, group };
}

/** The same columns in the validation table, found by name; it need not have the groups' column. */
export function validationRoles(
  table: Table,
  request: Request,
  features: readonly string[],
): Roles {
  const find = (name: string) => indexOf(name, table, request, ['data', 'validation']);
  return {
    features: features.map(find),
    target: find(request.config.data.target),
    group: null,
  };
}

/**
 * Finds the columns that a config of texts names in the training table.
 * @throws ConfigError at the key that names a column which is not there
 */
export function trainingTextRoles(table: Table, request: Request): TextRoles {
  const { data } = request.config;
  const texts = textNames(request).map((name, i) => {
    if (data.prompt === undefined) {
      const key = typeof data.text === 'string' ? ['data', 'text'] : ['data', 'text', i];
      return [name, indexOf(name, table, request, key)] as const;
    }
    const index = table.columns.indexOf(name);
    if (index >= 0) return [name, index] as const;
    throw request.problem(['data', 'prompt'], `no column "${name}" in ${table.file}`, {
      expected: `places for its columns, which are ${table.columns.join(', ')}`,
    });
  });
  return { texts: new Map(texts), ...commonRoles(table, request) };
}

/** The same columns in the validation table. */
export function validationTextRoles(table: Table, request: Request): TextRoles {
  const find = (name: string) => indexOf(name, table, request, ['data', 'validation']);
  return {
    texts: new Map(textNames(request).map((name) => [name, find(name)])),
    target: find(request.config.data.target),
    group: null,
  };
}

/** The columns with the texts: of a prompt those that it has places for. */
function textNames({ config: { task, data } }: Request): readonly string[] {
  return task === 'generation' ? promptColumns(promptOf(data)) : textColumns(data);
}

function commonRoles(table: Table, request: Request): CommonRoles {
  const { data, groups } = request.config;
  const by = groupColumn(groups.by);
  return {
    target: indexOf(data.target, table, request, ['data', 'target']),
    group: by === null ? null : indexOf(by, table, request, ['groups', 'by'], GROUP_PREFIX),
  };
}

/** @param prefix what the config writes before the name */
function indexOf(
  name: string,
  { file, columns }: Table,
  request: Request,
  key: readonly (string | number)[],
  prefix = '',
): number {
  const index = columns.indexOf(name);
  if (index >= 0) return index;
  throw request.problem(key, `no column "${name}" in ${file}`, {
    expected: 'the name of one of its columns',
    name: { wrong: prefix + name, valid: columns.map((column) => prefix + column) },
  });
}
