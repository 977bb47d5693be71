import type { ParsedConfig } from '../config/parse.ts';
import { checkNotEmpty, labelIn, numberIn } from './cells.ts';
import { type TabularRoles, trainingRoles, validationRoles } from './columns.ts';
import type { TabularData, TabularDataset } from './dataset.ts';
import type { DataFiles } from './files.ts';
import { classesOf, targetIn, targetNumbers, toLabels } from './labels.ts';
import { openTable } from './openTable.ts';
import { standardize } from './standardize.ts';
import { type Table, TableFile } from './table.ts';

/**
 * Streams and checks the training and validation files of a config whose examples are rows of numbers.
 * @param onBytes called with the number of bytes of each chunk that was read
 * @throws ConfigError at the key of the config, or the cell of the file, that is wrong
 */
export async function loadTabularData(
  parsed: ParsedConfig,
  files: DataFiles,
  onBytes: (bytes: number) => void,
): Promise<TabularData> {
  const { task, data } = parsed.config;

  const trainFile = new TableFile(files.train, onBytes);
  const trainTable = await openTable(trainFile, data);
  const roles = trainingRoles(trainTable, parsed);
  const trainCells = await readCells(trainTable, roles, parsed);
  const shape = shapeOf(trainCells, parsed);
  const classes = task === 'classification' ? classesOf(trainCells.targets, parsed) : [];

  const validationFile = new TableFile(files.validation, onBytes);
  const validationTable = await openTable(validationFile, data);
  const features = roles.features.map((column) => trainTable.columns[column]!);
  const validationCells = await readCells(
    validationTable,
    validationRoles(validationTable, parsed, features),
    parsed,
    task === 'classification' ? new Set(classes) : undefined,
  );

  const train = datasetOf(trainCells, classes);
  const validation = datasetOf(validationCells, classes);
  if (data.standardize) standardize(train, validation);
  return {
    train,
    validation,
    shape,
    classes,
    column: roles.group === null ? null : toLabels(trainCells.groups),
    fingerprints: {
      train: trainFile.fingerprint(),
      validation: validationFile.fingerprint(),
    },
  };
}

/** The cells of a file that a config uses; targets and groups still as text. */
interface TabularCells {
  readonly count: number;
  /** Features per example. */
  readonly width: number;
  /** count×width, row-major, divided by the config's `scale`. */
  readonly features: Float32Array;
  readonly targets: readonly string[];
  /** Empty unless groups are made by a column. */
  readonly groups: readonly string[];
}

/**
 * @param classes the classes of the training data; undefined while those are read
 * @throws DataError at the first invalid cell, and for a table without rows
 */
async function readCells(
  table: Table,
  roles: TabularRoles,
  parsed: ParsedConfig,
  classes?: ReadonlySet<string>,
): Promise<TabularCells> {
  const { scale } = parsed.config.data;
  const options = { scale, remedy: 'list data.features without the column' };
  const features = new FloatList();
  const targets: string[] = [];
  const groups: string[] = [];
  for await (const row of table.rows) {
    for (const column of roles.features) features.push(numberIn(table, row, column, options));
    targets.push(targetIn(table, row, roles.target, parsed, classes));
    if (roles.group !== null) groups.push(labelIn(table, row, roles.group));
  }
  checkNotEmpty(table, targets.length);
  return {
    count: targets.length,
    width: roles.features.length,
    features: features.toArray(),
    targets,
    groups,
  };
}

/** A growing list of float32 numbers; its capacity doubles when it is full. */
class FloatList {
  #values = new Float32Array(1024);
  #length = 0;

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const doubled = new Float32Array(2 * this.#length);
      doubled.set(this.#values);
      this.#values = doubled;
    }
    this.#values[this.#length++] = value;
  }

  toArray(): Float32Array {
    return this.#values.slice(0, this.#length);
  }
}

function shapeOf({ width }: TabularCells, parsed: ParsedConfig): readonly number[] {
  const { image } = parsed.config.data;
  if (!image) return [width];
  const [height, columns, channels] = image;
  if (height * columns * channels === width) return image;
  throw parsed.error(
    ['data', 'image'],
    `an image of ${image.join('×')} has ${height * columns * channels} values, but there are ${width} features`,
    { expected: '[height, width, channels] whose product is the number of features' },
  );
}

function datasetOf(
  { count, width, features, targets }: TabularCells,
  classes: readonly string[],
): TabularDataset {
  return { count, width, features, targets: targetNumbers(targets, classes) };
}
