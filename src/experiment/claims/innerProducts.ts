/** ⟨g*, gᵢ⟩ ≥ 0 for every group of every step. */
import { wilsonInterval } from '../statistics/failures.ts';
import { counted, significant } from '../wording.ts';
import type { Claim, ClaimContext } from './claim.ts';
import { grain, mean } from './settings.ts';
import { stepSettings } from './stepSettings.ts';
import { innerProductsOf, stepsOf } from './steps.ts';
import type { Method } from './trainings.ts';

export const innerProducts: Claim = {
  name: 'inner-products',
  claim:
    'The aggregated gradient has a non-negative inner product with the gradient of every group.',
  async measure(context) {
    const of = await tallyOf(grain, context);
    const plain = await tallyOf(mean, context);
    const share = (count: number, n: number) => ({
      value: count / n,
      interval: wilsonInterval({ count, n }),
    });
    return {
      scale: `${counted(of.steps, 'step')} of ${counted(of.runs, 'run')}: digits in 8 micro-batches, by label and by source`,
      verdict: of.conflictingSteps === 0 ? 'holds' : 'does not hold',
      words: [
        `${of.conflictingSteps === 0 ? 'No step' : counted(of.conflictingSteps, 'step')} of ${of.steps.toLocaleString('en')} has a negative inner product beyond the rounding of float64; the smallest cosine of all is ${significant(of.minCosine, 2)}. Of the mean’s steps, ${plain.conflictingSteps.toLocaleString('en')} of ${plain.steps.toLocaleString('en')} conflict with some group.`,
        'This is about the direction, not about what an optimizer with momentum makes of it: docs/guarantee.md.',
      ],
      measurements: [
        {
          what: 'share of steps with a negative inner product beyond rounding, grain',
          ...share(of.conflictingSteps, of.steps),
        },
        {
          what: 'the same, mean',
          ...share(plain.conflictingSteps, plain.steps),
        },
        {
          what: 'share of inner products below 0 by any amount, grain',
          ...share(of.negative, of.products),
        },
        {
          what: 'smallest cosine between g* and a group, grain',
          value: of.minCosine,
          interval: null,
        },
        { what: 'the same, mean', value: plain.minCosine, interval: null },
      ],
      tables: [],
      pictures: {},
    };
  },
};

async function tallyOf(method: Method, { runs, digits, seeds }: ClaimContext) {
  const tally = { runs: 0, steps: 0, conflictingSteps: 0, products: 0, negative: 0, minCosine: 1 };
  for (const { name, config } of stepSettings(digits)) {
    for (const run of await runs.of({ setting: name, config, methods: [method] }, seeds(5))) {
      tally.runs++;
      for (const step of await stepsOf(run)) {
        const found = innerProductsOf(step);
        if (!found) continue;
        tally.steps++;
        tally.products += found.products.length;
        tally.negative += found.negative;
        tally.conflictingSteps += Number(found.conflicts > 0);
        tally.minCosine = Math.min(tally.minCosine, found.minCosine);
      }
    }
  }
  return tally;
}
