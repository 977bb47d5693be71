import { keyedRandom } from '../engine/keyedRandom.ts';
import { shuffle } from '../engine/seededRandom.ts';
import type { Examples, ImageDataset, TabularDataset, TextDataset } from './dataset.ts';

/**
 * The validation examples that are evaluated: all, or a random sample that is the same in every run, so that all runs are
 * evaluated on the same examples. A larger sample contains every smaller one.
 *
 * @param limit the config's `evaluateExamples`
 */
export function evaluationRows(dataset: TabularDataset, limit: number | undefined): TabularDataset {
  const indices = sampleIndices(dataset, limit);
  if (!indices) return dataset;
  const { width, features } = dataset;
  const rows = new Float32Array(indices.length * width);
  indices.forEach((example, i) => {
    rows.set(features.subarray(example * width, (example + 1) * width), i * width);
  });
  return { ...subset(dataset, indices), width, features: rows };
}

/** Same as {@link evaluationRows}, for texts. */
export function evaluationTexts(dataset: TextDataset, limit: number | undefined): TextDataset {
  const indices = sampleIndices(dataset, limit);
  if (!indices) return dataset;
  const at = <T>(all: readonly T[]) =>
    all.length === 0 ? [] : Array.from(indices, (i) => all[i]!);
  return {
    ...subset(dataset, indices),
    examples: at(dataset.examples),
    lengths: indices.map((i) => dataset.lengths[i]!),
    questions: at(dataset.questions),
  };
}

/** Same as {@link evaluationRows}, for images. */
export function evaluationImages(dataset: ImageDataset, limit: number | undefined): ImageDataset {
  const indices = sampleIndices(dataset, limit);
  if (!indices) return dataset;
  const images = Array.from(indices, (i) => dataset.images[i]!);
  return { ...subset(dataset, indices), images };
}

/** Sorted; null for all examples. */
function sampleIndices({ count }: Examples, limit: number | undefined): Int32Array | null {
  if (limit === undefined || limit >= count) return null;
  const all = Int32Array.from({ length: count }, (_, i) => i);
  return shuffle(all, keyedRandom('evaluation', 0)).slice(0, limit).sort();
}

function subset({ targets }: Examples, indices: Int32Array) {
  const values = targets.length === 0 ? [] : Array.from(indices, (i) => targets[i]!);
  return {
    count: indices.length,
    targets: targets instanceof Int32Array ? Int32Array.from(values) : Float64Array.from(values),
    indices,
  };
}
