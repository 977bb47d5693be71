/** Features that are legal, but give the target away, or lose what distinguishes their values: said once, before the first step. */
import type { Diagnostic } from '../config/diagnostic.ts';
import type { ParsedConfig } from '../config/parse.ts';
import { listed } from './labels.ts';

/** Examples as they are in the file. */
interface Rows {
  readonly count: number;
  readonly width: number;
  /** count×width, row-major. */
  readonly features: Float32Array | Float64Array;
  /** Class indices, or values. */
  readonly targets: Int32Array | Float64Array;
}

/** Among fewer examples, anything may be in order by chance. */
const FEW_EXAMPLES = 20;

/** Most features are ruled out by so many examples, spread over the file. */
const SAMPLE = 200;

/**
 * @param names of the features
 * @param train targets are class indices or values
 */
export function featureNotices(
  parsed: ParsedConfig,
  names: readonly string[],
  train: Rows,
): Diagnostic[] {
  if (train.count < FEW_EXAMPLES || parsed.config.data.image) return [];
  const isConstant: string[] = [];
  const isNumber: string[] = [];
  const isTelling: string[] = [];
  for (const [feature, name] of names.entries()) {
    if (isSame(train, feature)) isConstant.push(name);
    else if (isRowNumber(train, feature)) isNumber.push(name);
    else if (tellsTarget(train, feature)) isTelling.push(name);
  }
  const key = ['data', parsed.config.data.features ? 'features' : 'train'];
  const notice = (message: string, expected = EXPECTED) => parsed.warning(key, message, expected);
  const noun = (features: readonly string[]) => (features.length === 1 ? 'feature' : 'features');
  return [
    ...(isConstant.length === names.length
      ? [
          notice(
            `the same ${noun(names)} in every example: ${listed(names)}`,
            'features that differ between examples',
          ),
        ]
      : []),
    ...(isNumber.length > 0
      ? [notice(`row numbers or ids as ${noun(isNumber)}: ${listed(isNumber)}`)]
      : []),
    ...(isTelling.length > 0
      ? [
          notice(
            `${noun(isTelling)} that alone ${isTelling.length === 1 ? 'orders' : 'order'} all examples by their target: ${listed(isTelling)}`,
          ),
        ]
      : []),
  ];
}

const EXPECTED =
  'features that are known before the target is. Leave out of data.features what numbers the rows or was made from the target';

/** Whether a feature tells nothing. */
function isSame({ features, count, width }: Rows, feature: number): boolean {
  const first = features[feature];
  for (let i = 1; i < count; i++) if (features[i * width + feature] !== first) return false;
  return true;
}

/** Whether a feature's values are different whole numbers of a range that has hardly more. */
function isRowNumber({ features, count, width }: Rows, feature: number): boolean {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const seen = new Set<number>();
  for (let i = 0; i < count; i++) {
    const value = features[i * width + feature]!;
    if (!Number.isInteger(value) || seen.has(value)) return false;
    seen.add(value);
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return most - least < 2 * count;
}

/** Whether sorting by a feature sorts the targets: no two classes overlap, or values rise or fall with it. */
function tellsTarget(train: Rows, feature: number): boolean {
  const step = Math.ceil(train.count / SAMPLE);
  const sample = Array.from({ length: Math.ceil(train.count / step) }, (_, i) => i * step);
  if (step > 1 && !sortsTarget(train, feature, sample)) return false;
  return sortsTarget(train, feature, [...new Array(train.count).keys()]);
}

function sortsTarget(
  { features, targets, width }: Rows,
  feature: number,
  examples: number[],
): boolean {
  const value = (example: number) => features[example * width + feature]!;
  examples.sort((a, b) => value(a) - value(b));
  const isClass = targets instanceof Int32Array;
  const ended = new Set<number>();
  let direction = 0;
  for (let i = 1; i < examples.length; i++) {
    const [before, after] = [examples[i - 1]!, examples[i]!];
    const change = targets[after]! - targets[before]!;
    if (change === 0) {
      if (!isClass && value(after) !== value(before)) return false;
      continue;
    }
    if (value(after) === value(before)) return false;
    if (isClass) {
      if (ended.has(targets[after]!)) return false;
      ended.add(targets[before]!);
    } else {
      if (direction * change < 0) return false;
      direction = change;
    }
  }
  return isClass ? ended.size > 0 : direction !== 0;
}
