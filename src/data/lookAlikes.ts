/** Values that differ only in how they are written, such as 1 and 1.0, or true and True. */
import { isNumeric } from './cells.ts';

/** Two values look alike if they have the same key. */
export function lookAlikeKey(text: string): string {
  if (isNumeric(text)) return numberKey(text.trim());
  return text
    .normalize('NFKC')
    .replace(/[\p{Cf}\p{Variation_Selector}]/gu, '')
    .replace(/\s+/gu, ' ')
    .trim()
    .toLowerCase();
}

/** Sets of two or more distinct values that look alike. */
export function lookAlikes(values: Iterable<string>): string[][] {
  const sets = new Map<string, string[]>();
  for (const value of values) {
    const key = lookAlikeKey(value);
    const set = sets.get(key);
    if (set) set.push(value);
    else sets.set(key, [value]);
  }
  return [...sets.values()].filter((set) => set.length > 1);
}

/** The digits of a number and the power of ten of the last one: not its float64 value, which large integers share. */
function numberKey(text: string): string {
  const [, sign, whole, fraction = '', exponent = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text)!;
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '#0';
  const power = Number(exponent) - fraction.length + digits.length - significant.length;
  return `#${sign === '-' ? '-' : ''}${significant}e${power}`;
}
