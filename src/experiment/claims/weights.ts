/** The weights of the shortest vector are not those of the mean. */
import { mean as average, median } from 'simple-statistics';
import { bootstrapInterval } from '../statistics/bootstrap.ts';
import { counted } from '../wording.ts';
import type { Claim, Measurement } from './claim.ts';
import { grain } from './settings.ts';
import { stepSettings } from './stepSettings.ts';
import { fromMean, stepsOf } from './steps.ts';

/** A millionth: weights count as different from the mean's beyond what float32 would round away. */
const ALIKE = 1e-6;

export const weights: Claim = {
  name: 'weights',
  claim: 'The weights of the shortest vector differ from those of the mean almost surely.',
  async measure({ runs, digits, seeds }) {
    const measurements: Measurement[] = [];
    let [steps, different] = [0, 0];
    for (const { name, title, config } of stepSettings(digits)) {
      const trained = await runs.of({ setting: name, config, methods: [grain] }, seeds(5));
      const ofRuns = await Promise.all(
        trained.map(async (run) => (await stepsOf(run)).flatMap((step) => fromMean(step) ?? [])),
      );
      const all = ofRuns.flat();
      steps += all.length;
      different += all.filter(({ distance }) => distance > ALIKE).length;
      const typical = (what: 'distance' | 'angle') =>
        over(ofRuns.map((run) => median(run.map((it) => it[what]).filter(Number.isFinite))));
      measurements.push(
        { what: `${title}: distance of the weights, 0 to 1`, ...typical('distance') },
        { what: `${title}: angle between g* and the mean, degrees`, ...typical('angle') },
      );
    }
    return {
      scale: `${counted(steps, 'step')} of grain: digits in 8 micro-batches, by label and by source`,
      verdict: different === steps ? 'holds' : different === 0 ? 'does not hold' : 'holds in part',
      words: [
        `In ${different.toLocaleString('en')} of ${counted(steps, 'step')} the weights differ from the mean's by more than a millionth. The distance is ½Σ|wᵢ − mᵢ|, the weight that would have to move; medians over the steps, means over the runs.`,
      ],
      measurements,
      tables: [],
      pictures: {},
    };
  },
};

function over(values: readonly number[]): Omit<Measurement, 'what'> {
  return {
    value: average([...values]),
    interval: bootstrapInterval(values, (sample) => average([...sample])),
  };
}
