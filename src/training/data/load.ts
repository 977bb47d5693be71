import type { Request } from '../request.ts';
import { trainingRoles, validationRoles } from './columns.ts';
import type { Data, Dataset } from './dataset.ts';
import { labelled } from './labels.ts';
import { openTable } from './openTable.ts';
import { type Cells, readCells } from './read.ts';
import { Source } from './source.ts';
import { standardize } from './standardize.ts';

/**
 * Streams and checks the training and validation files of a config.
 * @param onBytes is told how many bytes were read since it was told last
 * @throws ConfigError at the key of the config, or the cell of the file, that is wrong
 */
export async function loadData(request: Request, onBytes: (bytes: number) => void): Promise<Data> {
  const { task, data } = request.config;

  const trainSource = new Source(request.dataFile('train'), onBytes);
  const trainTable = await openTable(trainSource);
  const roles = trainingRoles(trainTable, request);
  const trainCells = await readCells(trainTable, roles, request);
  const shape = shapeOf(trainCells, request);
  const classes = task === 'classification' ? classesOf(trainCells, request) : [];

  const validationSource = new Source(request.dataFile('validation'), onBytes);
  const validationTable = await openTable(validationSource);
  const features = roles.features.map((column) => trainTable.columns[column]!);
  const validationCells = await readCells(
    validationTable,
    validationRoles(validationTable, request, features),
    request,
    task === 'classification' ? classes : undefined,
  );

  const train = datasetOf(trainCells, classes);
  const validation = datasetOf(validationCells, classes);
  if (data.standardize) standardize(train, validation);
  return {
    train,
    validation,
    shape,
    classes,
    column: roles.group === null ? null : labelled(trainCells.groups),
    fingerprints: {
      train: trainSource.fingerprint(),
      validation: validationSource.fingerprint(),
    },
  };
}

function classesOf({ targets }: Cells, request: Request): readonly string[] {
  const { names } = labelled(targets);
  if (names.length > 1) return names;
  throw request.problem(
    ['data', 'target'],
    `the training data have one class only: "${names[0]}" in every row`,
    { expected: 'at least two classes' },
  );
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
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  return {
    count,
    width,
    features,
    targets:
      classes.length > 0
        ? Int32Array.from(targets, (name) => indexOf.get(name)!)
        : Float64Array.from(targets, Number),
  };
}
