/** Where GRAIN should matter and where not: what it gains beside how many groups the mean's direction conflicts with. */
import { mean as average, sampleRankCorrelation } from 'simple-statistics';
import { bootstrapInterval } from '../statistics/bootstrap.ts';
import { contains, type Interval, negated } from '../statistics/interval.ts';
import { counted, formatInterval, significant } from '../wording.ts';
import type { Claim, ClaimTable, ClaimVerdict, Measurement } from './claim.ts';
import {
  againstMean,
  type Compared,
  compareMethods,
  comparisonOf,
  differenceText,
} from './comparisons.ts';
import { regimeSettings, unmeasuredIn } from './regimeSettings.ts';
import { scatterOf } from './scatter.ts';
import { grain, grainNormalized, mean } from './settings.ts';
import { meanConflictOf, stepsOf } from './steps.ts';

const methods = [mean, grain, grainNormalized];

interface Regime {
  readonly compared: Compared;
  /** Mean share of a step's groups that the mean's direction conflicts with, 0…1. */
  readonly conflict: number;
}

export const regimes: Claim = {
  name: 'regimes',
  claim: 'GRAIN matters where the gradients of groups conflict.',
  async measure(context) {
    const found: Regime[] = [];
    for (const setting of regimeSettings(context)) {
      const compared = await compareMethods(context.runs, setting, methods, context.seeds(10));
      found.push({ compared, conflict: await conflictOf(compared) });
    }
    const gains = found.map(({ compared }) => gainOf(compared, grain.name)?.value ?? Number.NaN);
    const conflicts = found.map(({ conflict }) => conflict);
    const correlation = correlationOf(conflicts, gains);
    const better = withLevel(found, 'better');
    const worse = withLevel(found, 'worse');
    return {
      scale: `${counted(found.length, 'setting')}, ${counted(found[0]!.compared.plain.length, 'paired seed')} each, every method at a learning rate of its own`,
      verdict: verdictOf(correlation.interval, better.length),
      words: [
        `grain is shown to be better than the mean in ${listed(better)}, and worse in ${listed(worse)}.`,
        'The gain is the difference to the mean in the units of the metric, positive where GRAIN is better.',
        `Over the settings, the rank correlation between conflict and gain is ${significant(correlation.value, 2)}${correlation.interval ? ` (${formatInterval(correlation.interval, 0)})` : ''}: from the share of groups in conflict alone ${correlation.interval && contains(correlation.interval, 0) ? 'it cannot be told where grain gains' : `a ${correlation.value > 0 ? 'higher' : 'lower'} gain is to be expected where there is more`}.`,
        ...unmeasuredIn(context),
      ],
      measurements: [
        { what: 'rank correlation of conflict and gain over the settings', ...correlation },
        ...found.flatMap(measurementsOf),
      ],
      tables: [tableOf(found)],
      pictures: { 'conflict-gain.svg': pictureOf(found) },
    };
  },
};

/** Of the settings; the interval is of others like them. */
function correlationOf(conflicts: readonly number[], gains: readonly number[]) {
  const places = conflicts.map((_, at) => at);
  const ofSome = (some: readonly number[]) => {
    const pairs = some.filter((at) => Number.isFinite(gains[at]));
    const value = sampleRankCorrelation(
      pairs.map((at) => conflicts[at]!),
      pairs.map((at) => gains[at]!),
    );
    // Of settings that are all alike.
    return Number.isFinite(value) ? value : 0;
  };
  return { value: ofSome(places), interval: bootstrapInterval(places, ofSome) };
}

function verdictOf(correlation: Interval | null, better: number): ClaimVerdict {
  if (correlation && correlation.low > 0) return 'holds';
  if (correlation && correlation.high < 0) return 'does not hold';
  return better > 0 ? 'holds in part' : 'not shown';
}

function measurementsOf({ compared, conflict }: Regime): Measurement[] {
  const gain = gainOf(compared, grain.name);
  const { title } = compared.setting;
  return [
    { what: `${title}: share of groups the mean conflicts with`, value: conflict, interval: null },
    ...(gain
      ? [
          {
            what: `${title}: gain of grain in ${compared.findings.metric}`,
            value: gain.value,
            interval: gain.interval,
          },
        ]
      : []),
  ];
}

async function conflictOf({ plain }: Compared): Promise<number> {
  const shares = await Promise.all(plain.map(async (run) => meanConflictOf(await stepsOf(run))));
  return average(shares);
}

interface Gain {
  /** Positive where the method is better than the mean. */
  readonly value: number;
  readonly interval: Interval | null;
  readonly p: number | null;
}

function gainOf({ findings }: Compared, method: string): Gain | undefined {
  const means = comparisonOf(findings, method)?.means;
  if (!means) return undefined;
  const { difference, interval, adjusted: p } = means;
  if (findings.better === 'higher') return { value: difference, interval, p };
  return {
    value: -difference,
    interval: interval && negated(interval),
    p,
  };
}

function withLevel(found: readonly Regime[], level: 'better' | 'worse'): string[] {
  return found
    .filter(({ compared }) => againstMean(compared, grain.name).level === level)
    .map(({ compared }) => compared.setting.title);
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join('; ');
}

function tableOf(found: readonly Regime[]): ClaimTable {
  return {
    title: 'Conflict and gain',
    head: ['setting', 'conflict', 'metric', 'mean', 'gain of grain', 'of grain-normalized'],
    rows: found.map(({ compared, conflict }) => {
      const level = compared.findings.methods.find(({ method }) => method === mean.name)?.figures;
      const cells = [grain, grainNormalized].map(({ name }) => {
        const gain = gainOf(compared, name);
        return gain ? differenceText(gain.value, gain.interval, gain.p) : '–';
      });
      return [
        compared.setting.title,
        `${significant(100 * conflict, 2)} %`,
        compared.findings.metric,
        level ? significant(level.mean) : '–',
        ...cells,
      ];
    }),
    words: 1,
  };
}

function pictureOf(found: readonly Regime[]): string {
  return scatterOf({
    title:
      'What GRAIN gains over the mean, beside the share of groups that the mean conflicts with',
    x: 'groups the mean conflicts with, %',
    y: 'gain of grain',
    points: found.flatMap(({ compared, conflict }) => {
      const gain = gainOf(compared, grain.name);
      const { title } = compared.setting;
      return gain
        ? [{ label: title, x: 100 * conflict, y: gain.value, interval: gain.interval }]
        : [];
    }),
  });
}
