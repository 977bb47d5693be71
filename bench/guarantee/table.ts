import { mean, median, sampleStandardDeviation, sum } from 'simple-statistics';
import { diagnoseStep } from '../../src/engine/diagnoseStep.ts';
import { table } from '../../src/experiment/markdown.ts';
import { bootstrapInterval } from '../../src/experiment/statistics/bootstrap.ts';
import { signFlipP } from '../../src/experiment/statistics/permutation.ts';
import type { StepEvent } from '../../src/runs/events.ts';
import { factsOf } from '../../src/runs/facts.ts';
import type { RunSummary } from '../../src/runs/store.ts';
import { readEvents } from '../../src/runs/tail.ts';
import type { Method } from './methods.ts';
import type { Setting } from './settings.ts';

/** What came of one run. */
interface Outcome {
  readonly seed: number;
  /** Final validation; NaN for a run that failed. */
  readonly metric: number;
  /** Share of steps whose actual update conflicts with a group, 0…1; NaN where updates were not measured. */
  readonly conflicts: number;
  /** Share of steps that a guard reduced to nothing. */
  readonly stalls: number;
  /** Median wall time of a step, ms. */
  readonly stepTime: number;
  /** Median share in Σ wᵢ of each group, in the second half of the steps, by the group's name. */
  readonly weights: ReadonlyMap<string, number>;
}

async function outcomeOf(run: RunSummary, { metric }: Setting): Promise<Outcome> {
  const events = await readEvents(run.folder);
  const steps = events.filter((event) => event.kind === 'step');
  const updates = steps
    .map((step) => diagnoseStep(factsOf(step)).updateConflictsWith)
    .filter((groups) => groups !== null);
  const last = events.findLast((event) => event.kind === 'validation');
  return {
    seed: run.manifest.seed.init,
    metric: run.status === 'finished' ? (last?.metrics[metric] ?? Number.NaN) : Number.NaN,
    conflicts: updates.filter((groups) => groups.length > 0).length / updates.length,
    stalls: steps.filter((step) => step.guard?.stalled).length / steps.length,
    stepTime: median(steps.map(({ ms }) => ms.gradients + ms.aggregate + ms.update)),
    weights: weightsOf(steps.slice(steps.length / 2), run.manifest.groups.names),
  };
}

function weightsOf(steps: readonly StepEvent[], names: readonly string[]): Map<string, number> {
  const shares = new Map<string, number[]>(names.map((name) => [name, []]));
  for (const { groups, weights } of steps) {
    const total = sum([...(weights ?? [])]);
    for (const [i, group] of groups.entries()) {
      if (total !== 0) shares.get(names[group]!)!.push(weights![i]! / total);
    }
  }
  return new Map(
    [...shares].map(([name, of]) => [name, of.length === 0 ? Number.NaN : median(of)]),
  );
}

/** One row a method, against the mean of the same seeds. */
export async function tableOf(
  setting: Setting,
  all: readonly { readonly method: Method; readonly runs: readonly RunSummary[] }[],
): Promise<string> {
  const outcomes = new Map<string, Outcome[]>();
  for (const { method, runs } of all) {
    const ended = runs.filter(({ status }) => status === 'finished' || status === 'failed');
    const of = await Promise.all(ended.map((run) => outcomeOf(run, setting)));
    outcomes.set(
      method.name,
      of.sort((a, b) => a.seed - b.seed),
    );
  }
  const base = outcomes.get('mean') ?? [];
  const sign = setting.better === 'higher' ? 1 : -1;
  const rows = [...outcomes].map(([name, of]) => {
    const metrics = of.map(({ metric }) => metric).filter(Number.isFinite);
    const failed = of.filter(({ metric }) => !(sign * metric > sign * setting.baseline)).length;
    const worst = sign > 0 ? Math.min(...metrics) : Math.max(...metrics);
    return [
      name,
      String(of.length),
      `${mean(metrics).toFixed(3)} ± ${sampleStandardDeviation(metrics).toFixed(3)}`,
      worst.toFixed(3),
      `${failed}`,
      name === 'mean' ? '' : differenceOf(of, base),
      percent(mean(of.map(({ conflicts }) => conflicts))),
      of.some(({ stalls }) => stalls > 0) ? percent(mean(of.map(({ stalls }) => stalls))) : '',
      name === 'mean' ? '' : stepTimeOf(of, base),
      ...(setting.groups === 'named' ? [formatWeights(of)] : []),
    ];
  });
  const header = [
    ...['method', 'seeds', `${setting.metric} ± std`, 'worst', 'failed', 'against mean (95 %, p)'],
    ...['updates in conflict', 'stalled', 'step time, × mean'],
    ...(setting.groups === 'named' ? ['weights, steps 151 on'] : []),
  ];
  return table([header, ...rows], 1);
}

/** Mean of the paired differences with its bootstrap interval, and p of the permutation test that flips their signs. */
function differenceOf(of: readonly Outcome[], base: readonly Outcome[]): string {
  const differences = of.flatMap(({ seed, metric }) => {
    const other = base.find((outcome) => outcome.seed === seed);
    const difference = other ? metric - other.metric : Number.NaN;
    return Number.isFinite(difference) ? [difference] : [];
  });
  if (differences.length < 2) return '–';
  const interval = bootstrapInterval(differences, (sample) => mean([...sample]));
  const bounds = interval ? `${signed(interval.low)} … ${signed(interval.high)}, ` : '';
  const p = signFlipP(differences);
  return `${signed(mean(differences))} (${bounds}${p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`})`;
}

/** Median over the seeds of the ratio to the mean's run of the same seed. */
function stepTimeOf(of: readonly Outcome[], base: readonly Outcome[]): string {
  const ratios = of.flatMap(({ seed, stepTime }) => {
    const other = base.find((outcome) => outcome.seed === seed);
    return other ? [stepTime / other.stepTime] : [];
  });
  return median(ratios).toFixed(3);
}

/** "north 0.24, east 0.31": medians over the seeds. */
function formatWeights(of: readonly Outcome[]): string {
  const names = [...of[0]!.weights.keys()].sort();
  return names
    .map((name) => `${name} ${median(of.map(({ weights }) => weights.get(name)!)).toFixed(3)}`)
    .join(', ');
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}

function percent(share: number): string {
  if (Number.isNaN(share)) return '–';
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}
