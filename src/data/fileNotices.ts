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
    return [...decodingNotices(parsed, key, reader), ...droppedNotice(parsed, key, table)];
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

function decodingNotices(
  parsed: ParsedConfig,
  key: Part,
  { undecoded, misdecoded }: CellReader,
): Diagnostic[] {
  const cells = (count: number) => (count === 1 ? '1 cell has' : `${count} cells have`);
  const lost = undecoded && {
    what: `${cells(undecoded.count)} U+FFFD (�) in place of characters that were lost, first in ${undecoded.first}`,
    better: 'the original text. Was the file converted from another encoding than its own?',
  };
  const wrong = misdecoded && {
    what: `${cells(misdecoded.count)} characters such as "Ã©" for "é", first in ${misdecoded.first}`,
    better: 'the original text. Was UTF-8 read as WINDOWS-1252 or Latin-1, and written again?',
  };
  return [lost, wrong]
    .filter((found) => found !== null)
    .map(({ what, better }) => parsed.warning(['data', key], what, better));
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
