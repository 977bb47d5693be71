/** What is legal about classes and groups, but rarely meant: said once, before the first step. */
import type { Diagnostic } from '../config/diagnostic.ts';
import type { ParsedConfig } from '../config/parse.ts';
import { isNumeric } from './cells.ts';
import type { Labels } from './dataset.ts';
import { listed } from './labels.ts';
import { lookAlikes } from './lookAlikes.ts';
import { missingNotices } from './missingLookAlikes.ts';

/** Numbers are probably values, not classes, beyond this many different ones. */
const MANY_NUMBERS = 50;

/** A class is rare if the largest has this many times its examples. */
const IMBALANCE = 20;

/** Fewer examples say nothing about the shares of classes. */
const FEW_EXAMPLES = 20;

/** @param classes distinct, sorted @param train classes of the examples @param validation likewise */
export function classNotices(
  parsed: ParsedConfig,
  classes: readonly string[],
  train: readonly string[],
  validation: readonly string[],
): Diagnostic[] {
  const target = ['data', 'target'];
  const at = (message: string, expected: string) => parsed.warning(target, message, expected);
  const counts = countsOf(classes, train);
  const found: Diagnostic[] = [
    ...lookAlikes(classes).map((set) =>
      at(`classes that differ only in how they are written: ${listed(set)}`, ONE_SPELLING),
    ),
    ...missingNotices(parsed, classes, target, ['a class', 'classes']),
  ];
  if (areValues(classes, train.length)) {
    found.push(
      at(
        `${classes.length} different numbers as classes, in ${train.length} examples`,
        'task: regression, if the column holds a number to predict',
      ),
    );
  } else if (classes.length > FEW_EXAMPLES && classes.length > train.length / 2) {
    found.push(
      at(
        `${classes.length} classes in ${train.length} examples`,
        'a column that tells examples into classes. Is it an id or a text?',
      ),
    );
  } else {
    const single = classes.filter((name) => counts.get(name) === 1);
    if (single.length > 0) {
      found.push(
        at(
          `only one training example of ${count(single.length, 'class', 'classes')}: ${listed(single)}`,
          'at least two examples of each class',
        ),
      );
    }
    found.push(...imbalance(parsed, counts, train.length));
  }
  const seen = new Set(validation);
  const unseen = classes.filter((name) => !seen.has(name));
  if (unseen.length > 0 && validation.length >= classes.length) {
    found.push(
      at(
        `no validation example of ${count(unseen.length, 'class', 'classes')}: ${listed(unseen)}`,
        'examples of every class in data.validation. Metrics say nothing about these',
      ),
    );
  }
  return found;
}

/** @param column that groups are made by: its values, and that of each example */
export function groupNotices(
  parsed: ParsedConfig,
  { names: values, indices }: Labels,
): Diagnostic[] {
  const examples = indices.length;
  const at = (message: string, better: string) => parsed.warning(['groups', 'by'], message, better);
  const alike = [
    ...lookAlikes(values).map((set) =>
      at(`groups that differ only in how they are written: ${listed(set)}`, ONE_SPELLING),
    ),
    ...missingNotices(parsed, values, ['groups', 'by'], ['a group', 'groups']),
  ];
  if (values.length <= FEW_EXAMPLES || values.length <= examples / 2) return alike;
  const message = `${values.length} groups in ${examples} examples`;
  return [...alike, at(message, 'a column that tells examples into groups. Is it an id?')];
}

const ONE_SPELLING = 'one way to write each value. Write them the same in the file';

function areValues(classes: readonly string[], examples: number): boolean {
  if (!classes.every(isNumeric)) return false;
  const hasFractions = classes.some((name) => !Number.isInteger(Number(name)));
  if (hasFractions && classes.length > MANY_NUMBERS / 5 && classes.length > examples / 20) {
    return true;
  }
  return classes.length > MANY_NUMBERS && classes.length > examples / 10;
}

function imbalance(
  parsed: ParsedConfig,
  counts: ReadonlyMap<string, number>,
  examples: number,
): Diagnostic[] {
  const order = [...counts].sort((a, b) => a[1] - b[1]);
  const [rarest, fewest] = order[0]!;
  const [commonest, most] = order.at(-1)!;
  if (examples < FEW_EXAMPLES || most < IMBALANCE * fewest) return [];
  const share = (n: number) => `${Number(((100 * n) / examples).toPrecision(2))} %`;
  return [
    parsed.warning(
      ['data', 'target'],
      `imbalanced classes: ${share(most)} of the training examples are ${listed([commonest])}, ${share(fewest)} are ${listed([rarest])}`,
      'metric: macroF1 or mcc, as accuracy hardly depends on rare classes; groups.by: label gives each class a gradient of its own',
    ),
  ];
}

function countsOf(
  classes: readonly string[],
  targets: readonly string[],
): ReadonlyMap<string, number> {
  const counts = new Map(classes.map((name) => [name, 0]));
  for (const name of targets) counts.set(name, counts.get(name)! + 1);
  return counts;
}

function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`;
}
