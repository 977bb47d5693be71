/** ‖g*‖² decays as fast as 1/T, as the squared norm of the mean does. */
import { mean as average } from 'simple-statistics';
import type { RunSummary } from '../../runs/store.ts';
import { bootstrapInterval } from '../statistics/bootstrap.ts';
import type { Interval } from '../statistics/interval.ts';
import { decayExponent, runningMinimum } from '../statistics/powerLaw.ts';
import type { Claim, ClaimContext } from './claim.ts';
import { grain, mean, onDigits } from './settings.ts';
import { normsOf, stepsOf } from './steps.ts';
import type { ClaimConfig } from './trainings.ts';

/** The fit leaves out the first steps, in which a constant factor of 1/T means little. */
const FROM = 10;
const STEPS = 400;

export const decay: Claim = {
  name: 'decay',
  claim:
    'The least squared norm of the aggregated gradient in T steps decays as O(1/T), as that of SGD.',
  async measure(context) {
    const settings = [
      { name: 'decay-full-batch', title: 'all 360 examples in each step', config: onAll(context) },
      { name: 'decay-batches', title: 'batches of 32', config: onBatches(context) },
    ];
    const measured = [];
    for (const { name, title, config } of settings) {
      for (const method of [grain, mean]) {
        const runs = await context.runs.of(
          { setting: name, config, methods: [method] },
          context.seeds(5),
        );
        measured.push({ title, method, ...(await exponentOf(runs)) });
      }
    }
    const full = measured[0]!;
    return {
      scale: `digits, SGD at a constant learning rate of 0.1, 8 micro-batches, ${STEPS} steps, fit over T = ${FROM} … ${STEPS}; least value so far`,
      verdict: verdictOf(full.interval),
      words: [
        'An exponent of 1 is a decay in 1/T, more is faster. The theorem is about an upper bound, and a finite run can support or contradict the rate only for its own T. With small batches the norm of a single batch’s gradient is measured, whose least value also falls by chance.',
      ],
      measurements: measured.map(({ title, method, value, interval }) => ({
        what: `${title}: exponent, ${method.name}${method === mean ? ' (SGD)' : ''}`,
        value,
        interval,
      })),
      tables: [],
      pictures: {},
    };
  },
};

function verdictOf(interval: Interval | null) {
  if (interval === null) return 'not shown';
  if (interval.low >= 1) return 'holds';
  return interval.high < 1 ? 'does not hold' : 'not shown';
}

async function exponentOf(runs: readonly RunSummary[]) {
  const exponents = await Promise.all(
    runs.map(async (run) => decayExponent(runningMinimum(normsOf(await stepsOf(run))), FROM)),
  );
  const known = exponents.filter((exponent) => exponent !== null);
  return {
    value: average(known),
    interval: bootstrapInterval(known, (sample) => average([...sample])),
  };
}

function onBatches({ digits }: Pick<ClaimContext, 'digits'>): ClaimConfig {
  return {
    ...onDigits(digits, { by: 'microbatch', count: 8 }),
    optimizer: { name: 'sgd', learningRate: 0.1 },
    steps: STEPS,
    evaluateEvery: STEPS,
    checkpointEvery: STEPS,
  };
}

function onAll(context: Pick<ClaimContext, 'digits'>): ClaimConfig {
  return { ...onBatches(context), batchSize: 360 };
}
