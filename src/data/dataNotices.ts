import type { Diagnostic } from '../config/diagnostic.ts';
import type { ParsedConfig } from '../config/parse.ts';
import type { CellReader } from './cells.ts';
import type { Data } from './dataset.ts';
import { fileNotices } from './fileNotices.ts';
import { classNotices, groupNotices } from './labelNotices.ts';
import { listed } from './labels.ts';
import { MergedNumbers } from './mergedNumbers.ts';
import type { PartTable } from './parts.ts';

interface ReadFile {
  readonly table: PartTable;
  readonly reader: CellReader;
  readonly targets: readonly string[];
}

interface ReadData extends Pick<Data, 'classes' | 'column' | 'fingerprints'> {
  readonly train: ReadFile;
  readonly validation: ReadFile;
}

/** What is odd about data of any kind, though they can be trained on. */
export function dataNotices(
  parsed: ParsedConfig,
  { train, validation, classes, column, fingerprints }: ReadData,
): Diagnostic[] {
  return [
    ...fileNotices(parsed, { train, validation }, fingerprints),
    ...(classes.length > 0 ? classNotices(parsed, classes, train.targets, validation.targets) : []),
    ...(parsed.config.task === 'regression' ? roundingNotice(parsed, train.targets) : []),
    ...(column ? groupNotices(parsed, column) : []),
  ];
}

/** Losses and gradients are float32. */
function roundingNotice(parsed: ParsedConfig, targets: readonly string[]): Diagnostic[] {
  const merges = new MergedNumbers(1);
  for (const target of targets) merges.add(0, Number(target));
  if (merges.columns.length === 0) return [];
  const name = listed([parsed.config.data.target]);
  return [
    parsed.warning(
      ['data', 'target'],
      `float32 does not distinguish all values of ${name}`,
      'values that were shifted and scaled, such as (y − mean) / standard deviation',
    ),
  ];
}
