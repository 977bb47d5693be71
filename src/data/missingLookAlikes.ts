/** Classes and groups that are hardly values: words close to those for missing values, and single words among numbers. */
import { missingWords } from '../config/dataSchema.ts';
import type { Path } from '../config/diagnostic.ts';
import type { ParsedConfig } from '../config/parse.ts';
import { isNumeric } from './cells.ts';
import { listed } from './labels.ts';
import { lookAlikeKey } from './lookAlikes.ts';

/** What databases, spreadsheets and languages write where pandas would read a text. */
const OTHER_WORDS = [
  ...['#VALUE!', '#DIV/0!', '#REF!', '#NAME?', '#NUM!', '#NULL!', '#N/A!', '1.#INF', '-1.#INF'],
  ...['NaT', 'nil', 'undefined', '(null)', '\\N', '?', '--', 'N.A.'],
];

const KEYS = new Set([...missingWords, ...OTHER_WORDS].map(lookAlikeKey));

/** @param names distinct @param key what they are the values of @param noun of one, and of several */
export function missingNotices(
  parsed: ParsedConfig,
  names: readonly string[],
  key: Path,
  [one, several]: readonly [string, string],
) {
  // A list of one's own was thought about.
  if (parsed.config.data.missing.join() !== missingWords.join()) return [];
  const words = names.filter((name) => !isNumeric(name));
  const isAlone = words.length === 1 && names.length > 2;
  const found = isAlone ? words : words.filter((name) => KEYS.has(lookAlikeKey(name)));
  if (found.length === 0) return [];
  const noun = found.length === 1 ? one : several;
  const among = isAlone ? ' among numbers' : '';
  return [
    parsed.warning(
      key,
      `${noun} that may stand for a missing value: ${listed(found)}${among}`,
      'if so, the rows without; data.missing names such words',
    ),
  ];
}
