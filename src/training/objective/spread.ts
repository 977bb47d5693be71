/** How much the predictions of a validation differ from example to example: a constant predictor has learnt nothing. */
import { standardDeviation } from 'simple-statistics';
import type { Data } from '../../data/dataset.ts';
import type { SpreadFacts } from '../../runs/events.ts';
import { type Outputs, predictedClasses } from './metrics.ts';

/** @param outputs one row for each validation example */
export function spreadOf({ validation, classes }: Data, outputs: Outputs): SpreadFacts {
  const targets = Array.from(validation.targets);
  if (classes.length === 0) {
    const deviation = standardDeviation(Array.from(outputs.values));
    return { kind: 'values', deviation, targetDeviation: standardDeviation(targets) };
  }
  const predicted = Array.from(predictedClasses(outputs), (of) => classes[of] ?? 'NaN');
  return spreadOfTexts(
    predicted,
    targets.map((target) => classes[target]!),
  );
}

/** Most characters of a predicted text that the log keeps. */
const KEPT_CHARACTERS = 40;

/** @param predicted classes or generated texts, as many as `targets`, at least one */
export function spreadOfTexts(
  predicted: readonly string[],
  targets: readonly string[],
): SpreadFacts {
  const [mostFrequent, share] = mostFrequentOf(predicted);
  const [, majority] = mostFrequentOf(targets);
  return { kind: 'classes', mostFrequent: mostFrequent.slice(0, KEPT_CHARACTERS), share, majority };
}

/** The most frequent text, the first of equals, and its share. */
function mostFrequentOf(texts: readonly string[]): [text: string, share: number] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const [text, count] = [...counts].reduce((most, next) => (next[1] > most[1] ? next : most));
  return [text, count / texts.length];
}
