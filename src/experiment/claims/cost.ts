/** Time of a step and memory, as multiples of the mean's. */
import { geometricMean } from 'simple-statistics';
import type { Cost } from '../../runs/cost.ts';
import { RunIndex } from '../../runs/index/runIndex.ts';
import type { RunSummary } from '../../runs/store.ts';
import { bootstrapInterval } from '../statistics/bootstrap.ts';
import { counted, formatFactorInterval, significant } from '../wording.ts';
import type { Claim, ClaimVerdict, Measurement } from './claim.ts';
import { grain, mean, onDigits } from './settings.ts';
import { isOf } from './trainings.ts';

const STEPS = 100;

export const cost: Claim = {
  name: 'cost',
  claim: 'A step takes neither more time nor more memory than one with the mean.',
  async measure({ runs, digits, seeds }) {
    const config = {
      ...onDigits(digits, { by: 'microbatch', count: 8 }),
      ...{ steps: STEPS, evaluateEvery: STEPS, checkpointEvery: STEPS },
    };
    // In one launch the two take turns: what else the machine does meets both.
    const training = { setting: 'cost', config, methods: [grain, mean] };
    const trained = await runs.of(training, seeds(10));
    const [own, ofMean] = await Promise.all(
      training.methods.map(({ name }) => costsOf(trained.filter(isOf(name)))),
    );
    const ratios = (of: (cost: Cost) => number) =>
      own!.map((cost, i) => of(cost) / of(ofMean![i]!));
    const time = typical(ratios(({ stepTime }) => stepTime));
    const memory = typical(ratios(({ tensors }) => tensors ?? Number.NaN));
    return {
      scale: `a small network on digits, 8 micro-batches, ${counted(own!.length, 'pair')} of runs of ${STEPS} steps`,
      verdict: verdictOf(time, memory),
      words: [
        `A step took ${significant(time.value)} times as long as the mean’s${time.interval ? ` (${formatFactorInterval(time.interval)})` : ''}, and the peak of its tensors’ memory was ${significant(memory.value)} times the mean’s. The gradients of a network this small are little work, so the aggregation weighs more than in a transformer: there bench/README.md has 0.99 to 1.01 times the time.`,
      ],
      measurements: [
        { what: 'median time of a step, grain over mean', ...time },
        { what: 'peak memory of tensors, grain over mean', ...memory },
      ],
      tables: [],
      pictures: {},
    };
  },
};

function costsOf(runs: readonly RunSummary[]): Promise<Cost[]> {
  return Promise.all(runs.map((run) => RunIndex.use(run, async ({ digest }) => digest.cost!)));
}

/** More than this is not the same any more, less cannot be told from it. */
const SAME = 1.05;

/** Holds if neither is more, up to the end of its interval; does not if one is, from its beginning on. */
function verdictOf(...ratios: Omit<Measurement, 'what'>[]): ClaimVerdict {
  const ends = ratios.map(({ value, interval }) => interval ?? { low: value, high: value });
  if (ends.some(({ low }) => low > SAME)) return 'does not hold';
  return ends.every(({ high }) => high <= SAME) ? 'holds' : 'not shown';
}

function typical(ratios: readonly number[]): Omit<Measurement, 'what'> {
  const middle = (sample: readonly number[]) => geometricMean([...sample]);
  return { value: middle(ratios), interval: bootstrapInterval(ratios, middle) };
}
