import { randomFor, shuffle } from './random.ts';

/**
 * Which validation examples are evaluated: all, or the first ones of a shuffle that is the same in every run, so that all runs
 * are measured by the same.
 * @param count of validation examples
 * @param limit the config's `evaluateExamples`
 * @returns indices, ascending
 */
export function evaluationExamples(count: number, limit: number | undefined): Int32Array {
  const all = Int32Array.from({ length: count }, (_, i) => i);
  if (limit === undefined || limit >= count) return all;
  return shuffle(all, randomFor('evaluation', 0)).slice(0, limit).sort();
}
