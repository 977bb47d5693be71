/** Higher mean and lower spread over seeds, on classification, pairs of sentences, regression and generation. */
import { counted } from '../wording.ts';
import type { Claim, ClaimContext, ClaimVerdict, Measurement } from './claim.ts';
import {
  type AgainstMean,
  againstMean,
  type Compared,
  compareMethods,
  comparisonOf,
  comparisonTable,
} from './comparisons.ts';
import {
  type ClaimSetting,
  controls,
  grain,
  grainNormalized,
  mean,
  meanNormMatched,
  onDigits,
  onPairs,
  onProblems,
  pairsIn,
  problemsIn,
  regressionOnPairs,
} from './settings.ts';
import type { Method } from './trainings.ts';

const few = [mean, grain, grainNormalized];

interface Task {
  readonly setting: (ClaimSetting & { readonly isTuned?: boolean }) | null;
  readonly methods: readonly Method[];
  /** Default number of paired seeds. */
  readonly seeds: number;
  /** What is missing without the setting. */
  readonly needs: string;
}

export const spread: Claim = {
  name: 'spread',
  claim:
    'Final results are better on average, and vary less over seeds, in classification, regression and generation.',
  async measure(context) {
    const compared: Compared[] = [];
    const missing: string[] = [];
    for (const { setting, methods, seeds, needs } of tasksOf(context)) {
      if (setting === null) missing.push(needs);
      else
        compared.push(await compareMethods(context.runs, setting, methods, context.seeds(seeds)));
    }
    const found = compared.map((of) => againstMean(of, grain.name));
    return {
      scale: `${counted(compared.length, 'task')}, ${seedsText(compared)} paired seeds a method; each method at the best of at least three learning rates, found with three other seeds, unless the task says otherwise`,
      verdict: verdictOf(found),
      words: [
        ...compared.map((of, i) => wordsOf(of, found[i]!)),
        'p values are corrected for all comparisons of a setting (Holm).',
        ...(missing.length === 0
          ? []
          : [
              `Not measured here: ${missing.join('; ')}. Give --data FOLDER: docs/claims.md says what belongs in it.`,
            ]),
      ],
      measurements: compared.flatMap(measurementsOf),
      tables: compared.map(comparisonTable),
      pictures: {},
    };
  },
};

function tasksOf({ digits, data }: ClaimContext): Task[] {
  const [stsb, rte] = [pairsIn(data, 'stsb'), pairsIn(data, 'rte')];
  const problems = problemsIn(data);
  const stsbAt = (name: string, title: string, changes = {}) =>
    stsb && { name, title, config: onPairs(stsb, { ...regressionOnPairs, ...changes }) };
  const high = stsbAt('stsb-high-rate', 'STS-B, 500 pairs, a learning rate that is too high', {
    optimizer: { name: 'adamw', learningRate: 1e-2 },
  });
  return [
    {
      setting: {
        name: 'digits-microbatch8',
        title: 'digits, 360 images, 8 micro-batches',
        config: onDigits(digits, { by: 'microbatch', count: 8 }),
      },
      methods: [...few, ...controls],
      seeds: 30,
      needs: '',
    },
    {
      setting: high && { ...high, isTuned: false },
      methods: [...few, meanNormMatched],
      seeds: 30,
      needs: 'regression at a learning rate that is too high (STS-B)',
    },
    {
      setting: stsbAt('stsb-tuned', 'STS-B, 500 pairs'),
      methods: [...few, ...controls],
      seeds: 30,
      needs: 'regression (STS-B)',
    },
    {
      setting: rte && { name: 'rte-tuned', title: 'RTE, 500 pairs', config: onPairs(rte) },
      methods: [...few, ...controls],
      seeds: 30,
      needs: 'pairs of sentences (RTE)',
    },
    {
      setting:
        problems === null
          ? null
          : {
              name: 'gsm8k',
              title: 'GSM8K, 128 problems, LoRA',
              config: onProblems(problems),
            },
      methods: [...few, meanNormMatched],
      seeds: 30,
      needs: 'generation (GSM8K)',
    },
  ];
}

/** "30", "20 to 30". */
function seedsText(compared: readonly Compared[]): string {
  const counts = compared.map(({ plain }) => plain.length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? String(least) : `${least} to ${most}`;
}

/** Of all settings: as claimed in each, in some and contradicted in none, contradicted, or neither. */
function verdictOf(found: readonly AgainstMean[]): ClaimVerdict {
  const isClaimed = ({ level, spread }: AgainstMean) => level === 'better' && spread === 'lower';
  const isContrary = ({ level, spread }: AgainstMean) => level === 'worse' || spread === 'higher';
  if (found.every(isClaimed)) return 'holds';
  const speaksFor = found.some(({ level, spread }) => level === 'better' || spread === 'lower');
  const speaksAgainst = found.some(isContrary);
  if (speaksFor) return 'holds in part';
  return speaksAgainst ? 'does not hold' : 'not shown';
}

function wordsOf({ setting, findings }: Compared, { level, spread }: AgainstMean): string {
  const failed = (method: string) => {
    const { count = 0, n = 0 } =
      findings.methods.find((it) => it.method === method)?.failures ?? {};
    return `${count} of ${n}`;
  };
  const levels = {
    better: 'grain is better on average',
    worse: 'the mean is better on average',
    'not shown': 'no difference of the averages was shown',
  };
  const spreads = {
    lower: 'grain varies less over seeds',
    higher: 'the mean varies less over seeds',
    'not shown': 'no difference in spread was shown',
  };
  return `${setting.title}: ${levels[level]}, ${spreads[spread]}; of grain’s runs ${failed('grain')} failed, of the mean’s ${failed('mean')}.`;
}

function measurementsOf({ setting, findings }: Compared): Measurement[] {
  const { means, spread } = comparisonOf(findings, grain.name) ?? {};
  const { metric } = findings;
  const level = means && {
    what: `${setting.title}: ${metric}, grain − mean`,
    value: means.difference,
    interval: means.interval,
  };
  const ratio = spread &&
    spread.ratio !== null && {
      what: `${setting.title}: standard deviation over seeds, grain over mean`,
      value: spread.ratio,
      interval: spread.interval,
    };
  return [level, ratio].filter((it) => it !== null && it !== undefined && it !== false);
}
