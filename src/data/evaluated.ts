import { seededRandom, shuffle } from '../engine/seededRandom.ts';
import type { Dataset, Examples, TextDataset } from './dataset.ts';

/**
 * The validation examples that are evaluated: all, or the first ones of a shuffle that is the same in every run, so that all runs
 * are measured by the same.
 *
 * @param limit the config's `evaluateExamples`
 */
export function evaluatedRows(dataset: Dataset, limit: number | undefined): Dataset {
  const chosen = chosenOf(dataset, limit);
  if (!chosen) return dataset;
  const { width, features } = dataset;
  const rows = new Float32Array(chosen.length * width);
  chosen.forEach((example, i) => {
    rows.set(features.subarray(example * width, (example + 1) * width), i * width);
  });
  return { ...common(dataset, chosen), width, features: rows };
}

/** As {@link evaluatedRows}. */
export function evaluatedTexts(dataset: TextDataset, limit: number | undefined): TextDataset {
  const chosen = chosenOf(dataset, limit);
  if (!chosen) return dataset;
  const of = <T>(all: readonly T[]) => (all.length === 0 ? [] : Array.from(chosen, (i) => all[i]!));
  return {
    ...common(dataset, chosen),
    examples: of(dataset.examples),
    lengths: chosen.map((i) => dataset.lengths[i]!),
    questions: of(dataset.questions),
  };
}

/** Ascending; null for all. */
function chosenOf({ count }: Examples, limit: number | undefined): Int32Array | null {
  if (limit === undefined || limit >= count) return null;
  const all = Int32Array.from({ length: count }, (_, i) => i);
  return shuffle(all, seededRandom('evaluation', 0)).slice(0, limit).sort();
}

function common({ targets }: Examples, chosen: Int32Array) {
  const ofChosen = targets.length === 0 ? [] : Array.from(chosen, (i) => targets[i]!);
  return {
    count: chosen.length,
    targets:
      targets instanceof Int32Array ? Int32Array.from(ofChosen) : Float64Array.from(ofChosen),
    indices: chosen,
  };
}
