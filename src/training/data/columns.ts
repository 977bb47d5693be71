import type { Request } from '../request.ts';
import type { Table } from './table.ts';

/** Which columns of a table mean what; indices into its `columns`. */
export interface Roles {
  readonly features: readonly number[];
  readonly target: number;
  /** The column that groups are made by. */
  readonly group: number | null;
}

/** Name of the column that groups are made by (`by: column:<name>`), if they are. */
function groupColumn(by: string): string | null {
  return by.startsWith('column:') ? by.slice('column:'.length) : null;
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
  const group = by === null ? null : find(by, 'groups', 'by');
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

function indexOf(
  name: string,
  { file, columns }: Table,
  request: Request,
  key: readonly (string | number)[],
): number {
  const index = columns.indexOf(name);
  if (index >= 0) return index;
  throw request.problem(key, `no column "${name}" in ${file}`, {
    expected: 'the name of one of its columns',
    name: { wrong: name, valid: columns },
  });
}
