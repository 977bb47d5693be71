/** What is legal about a data file as a whole, but rarely meant. */
import type { Diagnostic } from '../config/diagnostic.ts';
import type { ParsedConfig } from '../config/parse.ts';
import type { CellReader } from './cells.ts';
import type { Data } from './dataset.ts';

/** @param readers of the cells of both files */
export function fileNotices(
  parsed: ParsedConfig,
  readers: { readonly train: CellReader; readonly validation: CellReader },
  fingerprints: Data['fingerprints'],
): Diagnostic[] {
  const found = (['train', 'validation'] as const).flatMap((key) => {
    const { undecoded } = readers[key];
    if (undecoded === null) return [];
    const { count, first } = undecoded;
    return [
      parsed.warning(
        ['data', key],
        `${count} ${count === 1 ? 'cell has' : 'cells have'} U+FFFD (�) in place of characters that were lost, first in ${first}`,
        'the original text. Was the file converted from another encoding than its own?',
      ),
    ];
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
