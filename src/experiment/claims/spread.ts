/** Higher mean and lower spread over seeds: a claim about a method, measured on several tasks. */
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
import { type ClaimSetting, mean, notMeasured } from './settings.ts';
import type { Method } from './trainings.ts';

export interface SpreadTask {
  readonly setting: (ClaimSetting & { readonly isTuned?: boolean }) | null;
  readonly methods: readonly Method[];
  /** What is missing without the setting. */
  readonly needs: string;
}

/** @param method that the claim is about, one of each task’s */
export function spreadClaim(
  name: string,
  claim: string,
  { name: method }: Method,
  tasksOf: (context: ClaimContext) => readonly SpreadTask[],
): Claim {
  return {
    name,
    claim,
    async measure(context) {
      const compared: Compared[] = [];
      const missing: string[] = [];
      for (const { setting, methods, needs } of tasksOf(context)) {
        if (setting === null) missing.push(needs);
        else compared.push(await compareMethods(context.runs, setting, methods, context.seeds(30)));
      }
      const found = compared.map((of) => againstMean(of, method));
      return {
        scale: `${counted(compared.length, 'task')}, ${seedsText(compared)} paired seeds a method; each method at the best of at least three learning rates, found with three other seeds, unless the task says otherwise`,
        verdict: verdictOf(found),
        words: [
          ...compared.map((of, i) => wordsOf(of, found[i]!, method)),
          'p values are corrected for all comparisons of a setting (Holm).',
          ...notMeasured(missing),
        ],
        measurements: compared.flatMap((of) => measurementsOf(of, method)),
        tables: compared.map(comparisonTable),
        pictures: {},
      };
    },
  };
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

function wordsOf(
  { setting, findings }: Compared,
  { level, spread }: AgainstMean,
  method: string,
): string {
  const failed = (name: string) => {
    const { count = 0, n = 0 } = findings.methods.find((it) => it.method === name)?.failures ?? {};
    return `${count} of ${n}`;
  };
  const levels = {
    better: `${method} is better on average`,
    worse: 'the mean is better on average',
    'not shown': 'no difference of the averages was shown',
  };
  const spreads = {
    lower: `${method} varies less over seeds`,
    higher: 'the mean varies less over seeds',
    'not shown': 'no difference in spread was shown',
  };
  return `${setting.title}: ${levels[level]}, ${spreads[spread]}; of ${method}’s runs ${failed(method)} failed, of the mean’s ${failed(mean.name)}.`;
}

function measurementsOf({ setting, findings }: Compared, method: string): Measurement[] {
  const { means, spread } = comparisonOf(findings, method) ?? {};
  const { metric } = findings;
  const level = means && {
    what: `${setting.title}: ${metric}, ${method} − mean`,
    value: means.difference,
    interval: means.interval,
  };
  const ratio = spread &&
    spread.ratio !== null && {
      what: `${setting.title}: standard deviation over seeds, ${method} over mean`,
      value: spread.ratio,
      interval: spread.interval,
    };
  return [level, ratio].filter((it) => it !== null && it !== undefined && it !== false);
}
