/** What is legal about a data file as a whole, but rarely meant. */
import type { Diagnostic } from '../config/diagnostic.ts';
import type { ParsedConfig } from '../config/parse.ts';
import type { CellReader } from './cells.ts';
import type { Data } from './dataset.ts';
import type { Part, PartTable } from './parts.ts';

interface ReadFile {
  readonly table: PartTable;
  readonly reader: CellReader;
}

export function fileNotices(
  parsed: ParsedConfig,
  files: Readonly<Record<Part, ReadFile>>,
  fingerprints: Data['fingerprints'],
): Diagnostic[] {
  const found = (['train', 'validation'] as const).flatMap((key) => {
    const { reader, table } = files[key];
    return [...undecodedNotice(parsed, key, reader), ...droppedNotice(parsed, key, table)];
  });
  if (fingerprints.train === fingerprints.validation) {
    found.push(
      parsed.warning(
        ['data', 'validation'],
        'the validation file is the training file: metrics say nothing about new examples',
        'examples that are not trained on',
      ),
    );
  }
  return found;
}

function undecodedNotice(parsed: ParsedConfig, key: Part, { undecoded }: CellReader): Diagnostic[] {
  if (undecoded === null) return [];
  const { count, first } = undecoded;
  return [
    parsed.warning(
      ['data', key],
      `${count} ${count === 1 ? 'cell has' : 'cells have'} U+FFFD (�) in place of characters that were lost, first in ${first}`,
      'the original text. Was the file converted from another encoding than its own?',
    ),
  ];
}

function droppedNotice(parsed: ParsedConfig, key: Part, { dropped }: PartTable): Diagnostic[] {
  const { count } = dropped;
  if (count === 0) return [];
  const rows = count === 1 ? 'row was' : 'rows were';
  return [
    parsed.warning(
      ['data', key],
      `${count} ${rows} dropped from the ${key === 'train' ? 'training' : 'validation'} examples: a cell is empty or missing`,
      'complete rows, if those that lack something differ from the others',
    ),
  ];
}
