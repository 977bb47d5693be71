import { closest, distance } from 'fastest-levenshtein';

/** The valid name that a wrong one was probably meant to be; `undefined` if none is near. Case does not count. */
export function nearest(wrong: string, valid: readonly string[]): string | undefined {
  if (valid.length === 0) return undefined;
  const lower = new Map(valid.map((name) => [name.toLowerCase(), name]));
  const found = closest(wrong.toLowerCase(), [...lower.keys()]);
  const tolerated = Math.max(2, Math.floor(wrong.length / 3));
  return distance(wrong.toLowerCase(), found) <= tolerated ? lower.get(found) : undefined;
}
