/** Uniform stability: how far two trainings end up from each other whose data differ in one example. */
import { geometricMean, median } from 'simple-statistics';
import type { RunSummary } from '../../runs/store.ts';
import { readEvents } from '../../runs/tail.ts';
import { bootstrapInterval } from '../statistics/bootstrap.ts';
import type { Interval } from '../statistics/interval.ts';
import { counted, formatFactorInterval, significant } from '../wording.ts';
import type { Claim, ClaimContext, ClaimVerdict, Measurement } from './claim.ts';
import { distanceOf, parametersAt } from './parameterDistance.ts';
import { grain, grainNormalized, mean, meanNormMatched } from './settings.ts';
import { type ClaimConfig, isOf, type Method } from './trainings.ts';

const STEPS = 120;
const EVERY = 24;
const places = Array.from({ length: STEPS / EVERY }, (_, i) => EVERY * (i + 1));
const methods = [grain, grainNormalized, mean, meanNormMatched];

/** A run and its twin at one step. */
interface Apart {
  /** ‖θ − θ′‖ of the parameters. */
  readonly distance: number;
  /** The same over ‖θ − θ₀‖, the way from the start. */
  readonly relative: number;
  /** |L − L′| of the mean losses over the validation examples. */
  readonly lossGap: number;
  readonly loss: number;
}

interface Twins {
  readonly method: Method;
  /** Of each seed, at each of the places. */
  readonly seeds: readonly (readonly Apart[])[];
}

export const stability: Claim = {
  name: 'stability',
  claim:
    'Training is more uniformly stable than with the mean: with one example replaced, it ends up closer to where it ended up without.',
  async measure(context) {
    const twins = await twinsOf(context);
    const of = (method: Method) => twins.find((it) => it.method === method)!;
    const figures = ['distance', 'relative', 'lossGap'] as const;
    const against = (other: Method, figure: (typeof figures)[number]) =>
      ratioAtEnd(of(grain), of(other), figure);
    const distance = against(mean, 'distance');
    const sameLength = against(meanNormMatched, 'distance');
    return {
      scale: `digits, SGD at a constant learning rate of 0.05, 8 micro-batches of 4, ${STEPS} steps, ${counted(of(grain).seeds.length, 'pair')} of twins, each with another one of 330 examples replaced`,
      verdict: verdictOf(distance.interval, sameLength.interval),
      words: [
        `After ${STEPS} steps the twins of grain are ${significant(distance.value, 2)} times as far apart as those of the mean${bracket(distance.interval)}, and ${significant(sameLength.value, 2)} times as far as those of the mean with steps of the same length${bracket(sameLength.interval)}: the latter says what the direction does, the former also what shorter steps do.`,
        `The mean’s validation loss at the end is ${significant(lossAtEnd(of(mean)))}, grain’s ${significant(lossAtEnd(of(grain)))}, that of the mean with grain’s lengths ${significant(lossAtEnd(of(meanNormMatched)))}: less training is more stable, too.`,
      ],
      measurements: [mean, meanNormMatched].flatMap((other) =>
        figures.map(
          (figure): Measurement => ({
            what: `${names[figure]}, grain over ${other.name}`,
            ...against(other, figure),
          }),
        ),
      ),
      tables: [tableOf(twins)],
      pictures: {},
    };
  },
};

const names = {
  distance: 'distance of the parameters',
  relative: 'the same over the way from the start',
  lossGap: 'gap of the validation losses',
};

function verdictOf(distance: Interval | null, sameLength: Interval | null): ClaimVerdict {
  if (!distance) return 'not shown';
  if (distance.low > 1) return 'does not hold';
  if (distance.high >= 1) return 'not shown';
  return sameLength && sameLength.high < 1 ? 'holds' : 'holds in part';
}

async function twinsOf({ runs, digits, seeds }: ClaimContext): Promise<Twins[]> {
  const all = seeds(10);
  const own = { setting: 'stability', config: configOf(digits.twin(null), digits), methods };
  const originals = await runs.of(own, all);
  const twins: RunSummary[] = [];
  for (const seed of all) {
    const config = configOf(digits.twin(seed), digits);
    twins.push(
      ...(await runs.of({ ...own, setting: `stability/replaced-${seed}`, config }, [seed])),
    );
  }
  return Promise.all(
    methods.map(async (method) => {
      const [one, other] = [originals, twins].map((of) => of.filter(isOf(method.name)));
      return { method, seeds: await Promise.all(one!.map((run, i) => apart(run, other![i]!))) };
    }),
  );
}

async function apart(run: RunSummary, twin: RunSummary): Promise<Apart[]> {
  const start = await parametersAt(run.folder, 0);
  const [losses, others] = [await lossesOf(run), await lossesOf(twin)];
  return Promise.all(
    places.map(async (step) => {
      const own = await parametersAt(run.folder, step);
      const distance = distanceOf(own, await parametersAt(twin.folder, step));
      const loss = losses.get(step)!;
      const lossGap = Math.abs(loss - others.get(step)!);
      return { distance, relative: distance / distanceOf(own, start), lossGap, loss };
    }),
  );
}

async function lossesOf({ folder }: RunSummary): Promise<Map<number, number>> {
  const events = (await readEvents(folder)).filter((event) => event.kind === 'validation');
  return new Map(events.map(({ step, metrics }) => [step, metrics.loss ?? Number.NaN]));
}

function configOf(train: string, digits: ClaimContext['digits']): ClaimConfig {
  return {
    task: 'classification',
    model: { architecture: 'mlp', hidden: [32] },
    data: { train, validation: digits.validation(), target: 'label', scale: 255 },
    groups: { by: 'microbatch', count: 8 },
    optimizer: { name: 'sgd', learningRate: 0.05 },
    batchSize: 32,
    steps: STEPS,
    evaluateEvery: EVERY,
    checkpointEvery: EVERY,
    keepCheckpoints: places.length + 1,
  };
}

/** Geometric mean over the seeds of one method's figure over the other's. */
function ratioAtEnd(
  one: Twins,
  other: Twins,
  figure: 'distance' | 'relative' | 'lossGap',
): Omit<Measurement, 'what'> {
  const ratios = one.seeds.map((seed, i) => seed.at(-1)![figure] / other.seeds[i]!.at(-1)![figure]);
  const middle = (sample: readonly number[]) => geometricMean([...sample]);
  return { value: middle(ratios), interval: bootstrapInterval(ratios, middle) };
}

function lossAtEnd({ seeds }: Twins): number {
  return median(seeds.map((seed) => seed.at(-1)!.loss));
}

function tableOf(twins: readonly Twins[]) {
  return {
    title:
      'Twins over the steps: distance of the parameters, relative to the way from the start, gap of the validation losses; medians over the seeds',
    head: ['method', ...places.map((step) => `step ${step}`)],
    rows: twins.map(({ method, seeds }) => [
      method.name,
      ...places.map((_, at) =>
        (['distance', 'relative', 'lossGap'] as const)
          .map((figure) => significant(median(seeds.map((seed) => seed[at]![figure])), 2))
          .join(' · '),
      ),
    ]),
    words: 1,
  };
}

function bracket(interval: Interval | null): string {
  return interval ? ` (${formatFactorInterval(interval)})` : '';
}
