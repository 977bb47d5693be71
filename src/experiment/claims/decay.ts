/** ‖g*‖² decays as fast as 1/T, as the squared norm of the mean does. */
import { mean as average } from 'simple-statistics';
import type { RunSummary } from '../../runs/store.ts';
import { bootstrapInterval } from '../statistics/bootstrap.ts';
import type { Interval } from '../statistics/interval.ts';
import { decayExponent, runningMinimum } from '../statistics/powerLaw.ts';
import { significant } from '../wording.ts';
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
        `With all examples in each step, where nothing is left to chance, the exponent is ${significant(full.value)} for grain and ${significant(measured[1]!.value)} for SGD; 1 is a decay in 1/T, more is faster. The theorem is an upper bound C/T with an unknown C: a slower decay in a finite stretch does not refute it, and only one as fast supports it.`,
        'With batches of 32, the norm is that of a single batch’s gradient. Its shortest convex combination shrinks as soon as one micro-batch is fitted, which is not the same as being near a minimum.',
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

/** An upper bound with a constant that nobody knows: a slower decay in one stretch does not refute it. */
function verdictOf(interval: Interval | null) {
  return interval !== null && interval.low >= 1 ? 'holds' : 'not shown';
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
