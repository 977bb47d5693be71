/** Rules on validations: the model predicts nothing, or less than a guess. */

import type { SpreadFacts } from '../../runs/events.ts';
import { formatNumber } from '../../runs/format.ts';
import { fact, type Judgement, type Rule } from './rule.ts';

/** Of the steps: an untrained model may well predict one class only. */
const EARLY = 0.2;
/** Of the targets' standard deviation. */
const FLAT = 0.01;

export const constantPredictions: Rule = {
  condition: `In a validation after ${EARLY} of the steps, and after warm-up, every prediction is the same class or text; for regression: their standard deviation is below ${FLAT} of the targets’. Over with a validation in which they differ.`,
  reason:
    'Such a model has learnt nothing but an average, whatever its accuracy is: on unbalanced data it is high. Warm-up has ended once the learning rate no longer rises.',
  watch({ steps }) {
    const warmup = new Warmup();
    return {
      step({ event }) {
        warmup.push(event.learningRate);
        return undefined;
      },
      validation({ step, spread }): Judgement {
        if (!spread || step < EARLY * steps || !warmup.hasEnded) return undefined;
        const what = constantOf(spread);
        if (what === null) return null;
        return {
          message: `${what}: the model has learnt nothing from the inputs. Try another learning rate, a longer optimizer.warmup or more steps, and check that the inputs reach the model.`,
          figures:
            spread.kind === 'classes' ? { share: spread.share } : { deviation: spread.deviation },
          groups: [],
        };
      },
    };
  },
};

/** Null if predictions or targets differ from example to example as they should. */
function constantOf(spread: SpreadFacts): string | null {
  if (spread.kind === 'classes') {
    if (spread.share < 1 || spread.majority === 1) return null;
    return `Every prediction is ${JSON.stringify(spread.mostFrequent)}`;
  }
  const { deviation, targetDeviation } = spread;
  if (!targetDeviation || (deviation !== null && deviation > FLAT * targetDeviation)) return null;
  return `All predictions are nearly the same (standard deviation ${formatNumber(deviation ?? Number.NaN, 2)}, of the targets ${formatNumber(targetDeviation, 2)})`;
}

/** Of the steps. */
const LATE = 0.5;

export const belowMajority: Rule = {
  condition: `In a validation after ${LATE} of the steps, and after warm-up, the accuracy is not above the share of the most frequent class, and predictions differ. Over with a validation above it.`,
  reason:
    'Whoever always answers with the most frequent class is as good, without a model. If all predictions are the same, [constant-predictions](#constant-predictions) says so.',
  watch({ task, steps }) {
    if (task !== 'classification') return null;
    const warmup = new Warmup();
    return {
      step({ event }) {
        warmup.push(event.learningRate);
        return undefined;
      },
      validation({ step, metrics, spread }): Judgement {
        const { accuracy } = metrics;
        if (spread?.kind !== 'classes' || typeof accuracy !== 'number') return undefined;
        if (step < LATE * steps || !warmup.hasEnded) return undefined;
        if (accuracy > spread.majority || spread.share === 1) return null;
        return {
          message: `The accuracy of ${formatNumber(accuracy)} is not above that of always answering with the most frequent class (${formatNumber(spread.majority)}). Try another learning rate, a longer optimizer.warmup or more steps.`,
          figures: { accuracy: fact(accuracy), majority: spread.majority },
          groups: [],
        };
      },
    };
  },
};

/** Whether the learning rate has stopped rising. */
class Warmup {
  #last = 0;
  hasEnded = false;

  push(learningRate: number): void {
    this.hasEnded ||= learningRate <= this.#last;
    this.#last = learningRate;
  }
}
