import type { Request } from '../request.ts';
import type { Table } from './table.ts';

/** Which columns of a table mean what; indices into its `columns`. */
export interface Roles {
  readonly features: readonly number[];
  readonly target: number;
  /** The column that groups are made by. */
  readonly group: number | null;
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
  const { data, groups } = request.config;
  const find = (name: string, ...key: (string | number)[]) => indexOf(name, table, request, key);
  const target = find(data.target, 'data', 'target');
  const by = groupColumn(groups.by);
  const group = by === null ? null : indexOf(by, table, request, ['groups', 'by'], GROUP_PREFIX);
  const features = data.features
    ? data.features.map((name, i) => find(name, 'data', 'features', i))
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
