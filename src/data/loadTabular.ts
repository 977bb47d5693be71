import type { Diagnostic } from '../config/diagnostic.ts';
import type { ParsedConfig } from '../config/parse.ts';
import { CellReader, checkNotEmpty } from './cells.ts';
import { type TabularRoles, trainingRoles, usedColumns, validationRoles } from './columns.ts';
import { dataNotices } from './dataNotices.ts';
import type { TabularData, TabularDataset } from './dataset.ts';
import { featureNotices } from './featureNotices.ts';
import type { DataFiles } from './files.ts';
import { classesOf, listed, targetIn, targetNumbers, toLabels } from './labels.ts';
import { MergedNumbers } from './mergedNumbers.ts';
import { fingerprintOf, openPart, type PartTable } from './parts.ts';
import { standardize } from './standardize.ts';
import { tableFiles } from './table.ts';

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

  const trainFiles = tableFiles(files.train, onBytes);
  const trainTable = await openPart('train', trainFiles, parsed);
  const roles = trainingRoles(trainTable, parsed);
  const trainCells = await readCells(trainTable, roles, parsed);
  const shape = shapeOf(trainCells, parsed);
  const classes = task === 'classification' ? classesOf(trainCells.targets, parsed) : [];

  const validationFiles = tableFiles(files.validation, onBytes);
  const validationTable = await openPart('validation', validationFiles, parsed);
  const features = roles.features.map((column) => trainTable.columns[column]!);
  const validationCells = await readCells(
    validationTable,
    validationRoles(validationTable, parsed, features),
    parsed,
    task === 'classification' ? new Set(classes) : undefined,
  );

  const column = roles.group === null ? null : toLabels(trainCells.groups);
  const fingerprints = {
    train: fingerprintOf('train', trainFiles, parsed),
    validation: fingerprintOf('validation', validationFiles, parsed),
  };
  const targets = targetNumbers(trainCells.targets, classes);
  const telling = featureNotices(parsed, features, { ...trainCells, targets });
  if (data.standardize) standardize(trainCells, validationCells);
  return {
    train: datasetOf(trainCells, targets),
    validation: datasetOf(validationCells, targetNumbers(validationCells.targets, classes)),
    shape,
    classes,
    column,
    notices: [
      ...dataNotices(parsed, {
        ...{ train: trainCells, validation: validationCells },
        ...{ classes, column, fingerprints },
      }),
      ...telling,
      ...roundingNotices(parsed, features, trainCells),
    ],
    fingerprints,
  };
}

/** The cells of a file that a config uses; targets and groups still as text. */
interface TabularCells {
  readonly table: PartTable;
  readonly reader: CellReader;
  readonly count: number;
  /** Features per example. */
  readonly width: number;
  /** count×width, row-major, divided by the config's `scale`; float64 if they are to be standardized. */
  readonly features: Float32Array | Float64Array;
  /** Features with different values that are the same number in float32, as indices. */
  readonly merged: readonly number[];
  readonly targets: readonly string[];
  /** Empty unless groups are made by a column. */
  readonly groups: readonly string[];
}

/**
 * @param classes the classes of the training data; undefined while those are read
 * @throws DataError at the first invalid cell, and for a table without rows
 */
async function readCells(
  table: PartTable,
  roles: TabularRoles,
  parsed: ParsedConfig,
  classes?: ReadonlySet<string>,
): Promise<TabularCells> {
  const { scale, standardize, missing } = parsed.config.data;
  const options = { scale, remedy: 'list data.features without the column' };
  const reader = new CellReader(table, missing);
  const features = new NumberList(standardize ? Float64Array : Float32Array);
  // Standardized features are shifted and scaled before they are rounded.
  const merges = standardize ? null : new MergedNumbers(roles.features.length);
  const targets: string[] = [];
  const groups: string[] = [];
  for await (const row of table.rows(usedColumns(roles, parsed))) {
    for (const [feature, column] of roles.features.entries()) {
      const value = reader.number(row, column, options);
      merges?.add(feature, value);
      features.push(value);
    }
    targets.push(targetIn(reader, table, row, roles.target, parsed, classes));
    if (roles.group !== null) groups.push(reader.label(row, roles.group));
  }
  checkNotEmpty(table, targets.length);
  return {
    table,
    reader,
    count: targets.length,
    width: roles.features.length,
    features: features.toArray(),
    merged: merges?.columns ?? [],
    targets,
    groups,
  };
}

/** A growing list of numbers; its capacity doubles when it is full. */
class NumberList {
  #values: Float32Array | Float64Array;
  #length = 0;

  constructor(kind: Float32ArrayConstructor | Float64ArrayConstructor) {
    this.#values = new kind(1024);
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const kind = this.#values.constructor as Float64ArrayConstructor;
      const doubled = new kind(2 * this.#length);
      doubled.set(this.#values);
      this.#values = doubled;
    }
    this.#values[this.#length++] = value;
  }

  toArray(): Float32Array | Float64Array {
    return this.#values.slice(0, this.#length);
  }
}

function roundingNotices(
  parsed: ParsedConfig,
  names: readonly string[],
  { merged }: TabularCells,
): Diagnostic[] {
  if (merged.length === 0) return [];
  const features = listed(merged.map((feature) => names[feature]!));
  return [
    parsed.warning(
      ['data', 'standardize'],
      `float32 does not distinguish all values of ${features}`,
      'standardize: true, which shifts and scales them before they are rounded',
    ),
  ];
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

function datasetOf(cells: TabularCells, targets: TabularDataset['targets']): TabularDataset {
  const { count, width, features } = cells;
  const rounded = features instanceof Float32Array ? features : new Float32Array(features);
  return { count, width, features: rounded, targets };
}
