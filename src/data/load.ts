import type { Request } from '../config/request.ts';
import { trainingRoles, validationRoles } from './columns.ts';
import type { Dataset, TableData } from './dataset.ts';
import type { DataFiles } from './files.ts';
import { toLabels } from './labels.ts';
import { openTable } from './openTable.ts';
import { type Cells, readCells } from './read.ts';
import { Source } from './source.ts';
import { standardize } from './standardize.ts';
import { classesOf, targetNumbers } from './targets.ts';

/**
 * Streams and checks the training and validation files of a config whose examples are numbers.
 * @param onBytes is told how many bytes were read since it was told last
 * @throws ConfigError at the key of the config, or the cell of the file, that is wrong
 */
export async function loadData(
  request: Request,
  files: DataFiles,
  onBytes: (bytes: number) => void,
): Promise<TableData> {
  const { task, data } = request.config;

  const trainSource = new Source(files.train, onBytes);
  const trainTable = await openTable(trainSource, data);
  const roles = trainingRoles(trainTable, request);
  const trainCells = await readCells(trainTable, roles, request);
  const shape = shapeOf(trainCells, request);
  const classes = task === 'classification' ? classesOf(trainCells.targets, request) : [];

  const validationSource = new Source(files.validation, onBytes);
  const validationTable = await openTable(validationSource, data);
  const features = roles.features.map((column) => trainTable.columns[column]!);
  const validationCells = await readCells(
    validationTable,
    validationRoles(validationTable, request, features),
    request,
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
      train: trainSource.fingerprint(),
      validation: validationSource.fingerprint(),
    },
  };
}

function shapeOf({ width }: Cells, request: Request): readonly number[] {
  const { image } = request.config.data;
  if (!image) return [width];
  const [height, columns, channels] = image;
  if (height * columns * channels === width) return image;
  throw request.problem(
    ['data', 'image'],
    `an image of ${image.join('×')} has ${height * columns * channels} values, but there are ${width} features`,
    { expected: '[height, width, channels] whose product is the number of features' },
  );
}

function datasetOf(
  { count, width, features, targets }: Cells,
  classes: readonly string[],
): Dataset {
  return { count, width, features, targets: targetNumbers(targets, classes) };
}
