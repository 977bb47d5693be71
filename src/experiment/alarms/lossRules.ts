/** Rules on losses and gradients: the run diverges, or learns nothing. */
import type { StepEvent } from '../../runs/events.ts';
import { formatNumber, formatPercent } from '../../runs/format.ts';
import { Recent, RecentLargest, Series } from './recent.ts';
import { fact, formatGroups, type Rule } from './rule.ts';

const SLOWER = 'Lower optimizer.learningRate or lengthen optimizer.warmup.';

/** How many steps without a fault until the alarm is over. */
const CALM = 20;

export const nonFinite: Rule = {
  condition: `The loss or the gradient of a group is NaN or infinite, or the update is, or the loss of a validation. Over after ${CALM} steps without.`,
  reason:
    'A step leaves out such a group, so that a run may go on and look well while a part of its data is lost; an update that is not finite has destroyed the parameters.',
  watch(run) {
    const faults = new Recent(CALM);
    return {
      step({ event }) {
        const groups = nonFiniteGroups(event);
        const lost = event.update?.norm2 === null;
        faults.push(groups.length > 0 || lost);
        if (lost) {
          return {
            message: `The update of the parameters is not finite. Resume from an earlier checkpoint, or start again. ${SLOWER}`,
            figures: {},
            groups,
          };
        }
        if (groups.length > 0) {
          return {
            message: `Loss or gradient of ${formatGroups(run, groups)} is not finite: the step leaves it out. ${SLOWER}`,
            figures: {},
            groups,
          };
        }
        return faults.share === 0 ? null : undefined;
      },
      validation({ metrics }) {
        if (!('loss' in metrics) || isNumber(metrics.loss)) return undefined;
        return {
          message: `The loss on the validation data is not finite. ${SLOWER}`,
          figures: {},
          groups: [],
        };
      },
    };
  },
};

function nonFiniteGroups({ groups, losses, gram, streaming }: StepEvent): number[] {
  const k = groups.length;
  return groups.filter((_, i) => {
    const norm2 = gram ? gram[i * k - (i * (i - 1)) / 2] : (streaming?.[i]?.norm2 ?? 0);
    return !isNumber(losses[i]) || !isNumber(norm2);
  });
}

function isNumber(value: number | null | undefined): boolean {
  return Number.isFinite(value);
}

const EXPLODED = 10;
/** Steps in a row. */
const EXPLODED_STEPS = 3;
/** A cross-entropy below it is not an explosion, however small it was: the right class still gets 1/20. */
const LEAST_NATS = 3;

export const explodingLoss: Rule = {
  condition: `L > ${EXPLODED} L₁ in ${EXPLODED_STEPS} steps in a row, with the mean loss L over the examples of a step and L₁ that of the first step; or in a validation, with L₁ the loss of the first one. For cross-entropy also L > ${LEAST_NATS} nats. Over after ${CALM} steps, or with a validation, below that.`,
  reason:
    'A step’s loss is measured before its update: L₁ is that of the untrained model, and a model that is ten times worse than untrained learns nothing any more. A single bad step is a [loss-spike](#loss-spike).',
  watch(run) {
    const least = run.task === 'regression' ? 0 : LEAST_NATS;
    const isExploded = (loss: number, first: number) => loss > Math.max(EXPLODED * first, least);
    const found = (what: string, loss: number, first: number) => ({
      message: `The ${what} is ${formatNumber(loss)}, ${formatNumber(loss / first, 2)} times that of the start (${formatNumber(first)}). ${SLOWER}`,
      figures: { loss: fact(loss), firstLoss: fact(first) },
      groups: [],
    });
    let inRow = 0;
    const exploded = new Recent(CALM);
    let firstValidation = Number.NaN;
    let isBadValidation = false;
    return {
      step({ loss, firstLoss }) {
        const isNow = isExploded(loss, firstLoss);
        inRow = isNow ? inRow + 1 : 0;
        exploded.push(isNow);
        if (inRow >= EXPLODED_STEPS) return found('loss', loss, firstLoss);
        return exploded.share === 0 && !isBadValidation ? null : undefined;
      },
      validation({ metrics }) {
        const loss = metrics.loss ?? Number.NaN;
        if (Number.isNaN(firstValidation)) firstValidation = loss;
        isBadValidation = isExploded(loss, firstValidation);
        return isBadValidation ? found('validation loss', loss, firstValidation) : undefined;
      },
    };
  },
};

const SPIKE = 3;
const SPIKE_BEFORE = 20;
/** Of a run that has only begun. */
const SPIKE_AFTER = 5;
const SPIKE_OF_FIRST = 0.5;
const SPIKE_OVER = 1.5;

export const lossSpike: Rule = {
  condition: `L > ${SPIKE} M and L > ${SPIKE_OF_FIRST} L₁, with M the largest loss of the ${SPIKE_BEFORE} steps before, from step ${SPIKE_AFTER + 1} on. Over once L ≤ ${SPIKE_OVER} M again.`,
  reason:
    'Compared with the largest of recent losses, not with their mean, the noise of small batches is no spike; nor is a loss that stays well below that of the start, such as 0.03 after 0.01 at the end of training.',
  watch() {
    const before = new RecentLargest(SPIKE_BEFORE, SPIKE_AFTER);
    /** M of the spike that has not passed. */
    let level: number | null = null;
    return {
      step({ loss, firstLoss }) {
        const largest = before.largest;
        before.push(Number.isFinite(loss) ? loss : 0);
        if (level !== null) {
          if (!(loss <= SPIKE_OVER * level)) return undefined;
          level = null;
          return null;
        }
        if (!(loss > SPIKE * largest && loss > SPIKE_OF_FIRST * firstLoss)) return undefined;
        level = largest;
        return {
          message: `The loss has jumped to ${formatNumber(loss)}; in the last ${SPIKE_BEFORE} steps it was at most ${formatNumber(largest)}. ${SLOWER}`,
          figures: { loss: fact(loss), largestBefore: largest },
          groups: [],
        };
      },
    };
  },
};

const VANISHED = 0.2;
const VANISHED_STEPS = 20;
/** Of these steps, to raise the alarm and to clear it. */
const MOST = 0.9;
const FEW = 0.5;
const UNLEARNT = 0.8;

export const vanishingGradients: Rule = {
  condition: `In ${formatPercent(MOST)} of the last ${VANISHED_STEPS} steps, ‖ḡ‖ is below ${VANISHED} of its beginning, the mean of the first 5 steps, while L > ${UNLEARNT} L₁. Over when that is so in at most ${formatPercent(FEW)} of them. Only in the Euclidean metric.`,
  reason:
    'Fine-tuning that fails mostly fails so, and early: gradients vanish while the loss is still that of a guess ([Mosbach et al. 2021](https://arxiv.org/abs/2006.04884)). The mean of the groups’ gradients is compared, not their lengths: where all units are dead, the last layer’s biases still have the noise of small groups. In a regression an untrained model’s L₁ may be far above that of a guess; there the rule finds less.',
  watch({ aggregation: { metric } }) {
    if (metric !== 'euclidean') return null;
    const lengths = new Series();
    const vanished = new Recent(VANISHED_STEPS);
    return {
      step({ loss, firstLoss, diagnostics }) {
        const { norm2, normRatio } = diagnostics ?? {};
        if (!norm2 || !normRatio) return undefined;
        const length = Math.sqrt(norm2) / normRatio;
        lengths.push(length);
        vanished.push(length < VANISHED * lengths.first && loss > UNLEARNT * firstLoss);
        if (vanished.share <= FEW) return null;
        if (vanished.share < MOST) return undefined;
        return {
          message: `The gradient has vanished: it has ${formatNumber(length / lengths.first, 2)} of its first length, while the loss, ${formatNumber(loss)}, has hardly fallen below that of the start, ${formatNumber(firstLoss)}. Start again with a lower optimizer.learningRate or a longer optimizer.warmup.`,
          figures: {
            length: fact(length),
            firstLength: lengths.first,
            loss: fact(loss),
            firstLoss,
          },
          groups: [],
        };
      },
    };
  },
};
