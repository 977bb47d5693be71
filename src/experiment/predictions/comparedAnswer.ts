/** By what predictions and targets of different runs are compared. */
import { finalAnswer } from '../../data/prompts.ts';
import type { RunManifest } from '../../runs/manifest.ts';
import type { Prediction } from '../../runs/predictions.ts';

/**
 * A class or a value; of a generated text its final answer, as for its correctness. `null` where there is none.
 *
 * @param marker the config's `answerAfter`
 */
export function comparedAnswer(
  it: Prediction,
  of: 'target' | 'prediction',
  marker: string | undefined,
): string | number | null {
  return 'correct' in it ? finalAnswer(it[of], marker) : it[of];
}

/** The config's `data.answerAfter`; undefined without one. */
export function answerMarker({ config }: Pick<RunManifest, 'config'>): string | undefined {
  const { data } = config;
  const isObject = typeof data === 'object' && data !== null;
  const marker = isObject && 'answerAfter' in data ? data.answerAfter : undefined;
  return typeof marker === 'string' ? marker : undefined;
}
