/** Examples that are made of cells with texts, row by row: texts themselves, or paths of images. */
import type { ParsedConfig } from '../config/parse.ts';
import { CellReader, checkNotEmpty, placeOf } from './cells.ts';
import { type TextRoles, trainingTextRoles, usedColumns, validationTextRoles } from './columns.ts';
import { dataNotices } from './dataNotices.ts';
import type { Data, EmptyTexts, Examples, Question } from './dataset.ts';
import type { DataFiles } from './files.ts';
import { classesOf, toLabels } from './labels.ts';
import { fingerprintOf, openPart, type PartTable } from './parts.ts';
import { type Row, type Table, tableFiles } from './table.ts';

/** What a row was made into. */
interface ReadRow<E> {
  readonly example: E;
  /** Class or number; all tasks but generation. */
  readonly target?: string;
  /** Generation only. */
  readonly question?: Question;
  /** Text columns whose cells are empty. */
  readonly empty: readonly number[];
}

/** @param classes of the training data; undefined while those are read */
export type RowReader<E> = (
  reader: CellReader,
  table: Table,
  row: Row,
  roles: TextRoles,
  classes?: ReadonlySet<string>,
) => Promise<ReadRow<E>>;

export interface ReadRows<E> {
  readonly table: PartTable;
  readonly reader: CellReader;
  readonly examples: readonly E[];
  readonly targets: readonly string[];
  readonly questions: readonly Question[];
  /** Empty unless groups are made by a column. */
  readonly groups: readonly string[];
  readonly emptyTexts: EmptyTexts | null;
}

/** How rows become examples. */
interface Making<E, D extends Examples> {
  readonly readRow: RowReader<E>;
  /** @param classes empty unless the task is classification */
  readonly datasetOf: (rows: ReadRows<E>, classes: readonly string[]) => D;
}

/**
 * Streams and checks the training and validation files of a config.
 * @param onBytes called with the number of bytes of each chunk that was read
 * @throws ConfigError at the key of the config, or the cell of the file, that is wrong
 */
export async function loadRows<E, D extends Examples>(
  parsed: ParsedConfig,
  files: DataFiles,
  { readRow, datasetOf }: Making<E, D>,
  onBytes: (bytes: number) => void,
): Promise<Data<D>> {
  const { task } = parsed.config;

  const trainFiles = tableFiles(files.train, onBytes);
  const trainTable = await openPart('train', trainFiles, parsed);
  const roles = trainingTextRoles(trainTable, parsed);
  const train = await readRows(trainTable, roles, parsed, readRow);
  const classes = task === 'classification' ? classesOf(train.targets, parsed) : [];

  const validationFiles = tableFiles(files.validation, onBytes);
  const validationTable = await openPart('validation', validationFiles, parsed);
  const validationRoles = validationTextRoles(validationTable, parsed);
  const known = task === 'classification' ? new Set(classes) : undefined;
  const validation = await readRows(validationTable, validationRoles, parsed, readRow, known);

  const column = roles.group === null ? null : toLabels(train.groups);
  const fingerprints = {
    train: fingerprintOf('train', trainFiles, parsed),
    validation: fingerprintOf('validation', validationFiles, parsed),
  };
  return {
    train: datasetOf(train, classes),
    validation: datasetOf(validation, classes),
    classes,
    column,
    notices: dataNotices(parsed, { train, validation, classes, column, fingerprints }),
    fingerprints,
  };
}

async function readRows<E>(
  table: PartTable,
  roles: TextRoles,
  parsed: ParsedConfig,
  readRow: RowReader<E>,
  classes?: ReadonlySet<string>,
): Promise<ReadRows<E>> {
  const reader = new CellReader(table, parsed.config.data.missing);
  const examples: E[] = [];
  const targets: string[] = [];
  const questions: Question[] = [];
  const groups: string[] = [];
  let emptyTexts: EmptyTexts | null = null;
  for await (const row of table.rows(usedColumns(roles, parsed))) {
    const { example, target, question, empty } = await readRow(reader, table, row, roles, classes);
    examples.push(example);
    if (target !== undefined) targets.push(target);
    if (question) questions.push(question);
    if (roles.group !== null) groups.push(reader.label(row, roles.group));
    if (empty.length > 0) emptyTexts = countEmpty(emptyTexts, table, row, empty);
  }
  checkNotEmpty(table, examples.length);
  return { table, reader, examples, targets, questions, groups, emptyTexts };
}

function countEmpty(
  before: EmptyTexts | null,
  { columns }: Table,
  row: Row,
  empty: readonly number[],
): EmptyTexts {
  const count = (before?.count ?? 0) + empty.length;
  if (before) return { ...before, count };
  return { count, first: `${placeOf(row, empty[0]!)}, column "${columns[empty[0]!]}"` };
}
