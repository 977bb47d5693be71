/** What a probe of a setting says, and what its aggregators came to. */
import { type ProbedRun, readProbedRun } from '../../src/experiment/probe/probedRun.ts';
import { type Advised, advisedAggregators } from '../../src/experiment/probe/result.ts';
import { type PairedT, pairedT } from '../../src/experiment/statistics/means.ts';
import { finitePairs } from '../../src/experiment/statistics/pairs.ts';
import { RunStore, type RunSummary } from '../../src/runs/store.ts';
import { folderOf, type ProbeSetting } from './settings.ts';

/** Seeds that a probe trains. */
const PROBED = 3;
/** Fewer pairs of seeds than these show nothing. */
const FEWEST_PAIRS = 4;

/** Whether an aggregator beat the mean: its 95 % interval of the paired differences lies above or below zero, or contains it. */
export type Truth = 'gain' | 'loss' | 'no difference shown';

export interface Outcome {
  readonly setting: ProbeSetting;
  /** The mean's runs of the first seeds. */
  readonly probed: readonly ProbedRun[];
  /** Mean metric of the mean's runs. */
  readonly mean: number;
  /** Against the mean, above zero for better. */
  readonly against: Readonly<
    Record<Advised, PairedT & { readonly truth: Truth; readonly n: number }>
  >;
}

/** Null while too few of its runs have finished. */
export async function outcomeOf(setting: ProbeSetting): Promise<Outcome | null> {
  const runs = (await new RunStore(folderOf(setting)).list()).filter(
    ({ status }) => status === 'finished',
  );
  const base = metricsOf('mean', runs);
  const seeds = [...base.keys()].sort((one, other) => one - other);
  if (seeds.length < FEWEST_PAIRS) return null;
  const sign = runs[0]!.manifest.metric.better === 'higher' ? 1 : -1;
  const compared = advisedAggregators.map((aggregator) => {
    const own = metricsOf(aggregator, runs);
    const pairs = finitePairs(
      seeds.map((seed) => own.get(seed) ?? Number.NaN),
      seeds.map((seed) => base.get(seed)!),
    );
    return [aggregator, pairs.map(([one, other]) => sign * (one - other))] as const;
  });
  if (compared.some(([, differences]) => differences.length < FEWEST_PAIRS)) return null;
  const probed = runs.filter(
    ({ manifest }) =>
      manifest.aggregator === 'mean' && seeds.slice(0, PROBED).includes(manifest.seed.init),
  );
  return {
    setting,
    probed: await Promise.all(probed.map(readProbedRun)),
    mean: [...base.values()].reduce((sum, value) => sum + value, 0) / base.size,
    against: Object.fromEntries(
      compared.map(([aggregator, differences]) => [aggregator, comparison(differences)]),
    ) as Outcome['against'],
  };
}

function metricsOf(aggregator: string, runs: readonly RunSummary[]): Map<number, number> {
  const own = runs.filter(({ manifest }) => manifest.aggregator === aggregator);
  return new Map(
    own.map(({ manifest, lastMetric }) => [manifest.seed.init, lastMetric?.value ?? Number.NaN]),
  );
}

function comparison(differences: readonly number[]): Outcome['against'][Advised] {
  const test = pairedT(differences);
  const { low, high } = test.interval ?? { low: test.difference, high: test.difference };
  const truth = low > 0 ? 'gain' : high < 0 ? 'loss' : 'no difference shown';
  return { ...test, truth, n: differences.length };
}
