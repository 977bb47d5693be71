/** What counts for each run of an experiment: its final value, that it failed, or that it has not finished. */
import type { AlarmCode } from '../config/alarms.ts';
import { pointLabel } from '../config/points.ts';
import { type RunAlarm, standingAlarms } from '../runs/alarms.ts';
import { formatFailure, type RunFailure } from '../runs/failure.ts';
import { formatSeed } from '../runs/format.ts';
import { byCreation, bySeed } from '../runs/order.ts';
import type { RunStatus } from '../runs/status.ts';
import type { RunSummary } from '../runs/store.ts';
import type { ValidatedRun } from './validatedRuns.ts';

export interface SeedResult {
  readonly run: string;
  /** Label of its method, which includes its point. */
  readonly method: string;
  /** Label of its point in the grid; absent without a grid. */
  readonly point?: string;
  readonly seed: string;
  readonly status: RunStatus;
  /** Whether the run counts: it finished, or training failed. */
  readonly counts: boolean;
  /** It diverged, or ended no better than a constant prediction. */
  readonly failed: boolean;
  /** Why it failed or does not count; `null` for one that succeeded. */
  readonly reason: string | null;
  /**
   * The metric at its last validation; that of the constant prediction for a run without a finite one; `null` for a run that does
   * not count, or whose value is not known.
   */
  readonly value: number | null;
}

/** What a constant prediction reaches, by metric; `null` where unknown. */
export type Baseline = (metric: string) => number | null;

/** Reasons of the machine, not of the method: such a run can be resumed, and says nothing about its seed. */
const machine: readonly RunFailure['code'][] = [
  'outOfMemory',
  'diskFull',
  'deviceLost',
  'badCheckpoint',
];

/** Alarms of training that has failed: a run that was stopped under one of them was stopped for it, and counts. */
const hopeless: readonly AlarmCode[] = [
  'non-finite',
  'exploding-loss',
  'vanishing-gradients',
  'stalled-direction',
  'guard-stalled',
  'constant-predictions',
  'below-majority',
];

/** Methods as first launched, seeds ascending. A run fails by the metric that ranks its checkpoints, whichever is looked at. */
export function seedResults(
  runs: readonly ValidatedRun[],
  metric: string,
  baseline: Baseline,
): SeedResult[] {
  const launched = [...runs].sort((a, b) => byCreation(a.run, b.run));
  const methods = [...new Set(launched.map(({ run }) => run.manifest.aggregator))];
  return methods.flatMap((method) =>
    runs
      .filter(({ run }) => run.manifest.aggregator === method)
      .sort((a, b) => bySeed(a.run, b.run))
      .map((of) => resultOf(of, metric, baseline)),
  );
}

function resultOf(
  { run, validations }: ValidatedRun,
  metric: string,
  baseline: Baseline,
): SeedResult {
  const { id, aggregator, seed, point = {} } = run.manifest;
  const label = pointLabel(point);
  const about = {
    ...{ run: id, method: aggregator, seed: formatSeed(seed), status: run.status },
    ...(label !== undefined && { point: label }),
  };
  const unfinished =
    whyUnfinished(run) ??
    // A program need not log one.
    (run.status === 'finished' && validations.length === 0 ? 'it logged no result' : null);
  if (unfinished !== null) {
    return { ...about, counts: false, failed: false, reason: unfinished, value: null };
  }
  const last = validations.at(-1)?.metrics ?? {};
  const reason = whyFailed(run, last, baseline);
  const value = run.status !== 'finished' ? null : (last[metric] ?? null);
  return {
    ...about,
    counts: true,
    failed: reason !== null,
    reason,
    value: value ?? baseline(metric),
  };
}

/** `null` for a run that has a result: it finished, or training failed. */
export function whyUnfinished(run: RunSummary): string | null {
  const { status, failure, step, manifest } = run;
  if (status === 'finished' || (status === 'stopped' && hopelessAlarm(run))) return null;
  if (status !== 'failed') return `${status} at step ${step} of ${manifest.steps}`;
  return failure && machine.includes(failure.code) ? formatFailure(failure) : null;
}

function hopelessAlarm({ alarms }: RunSummary): RunAlarm | undefined {
  return standingAlarms(alarms).find(({ rule }) => hopeless.some((code) => code === rule));
}

function whyFailed(
  run: RunSummary,
  last: Readonly<Record<string, number | null>>,
  baseline: Baseline,
): string | null {
  const { status, failure, manifest } = run;
  if (status === 'failed') return failure ? formatFailure(failure) : 'failed';
  if (status === 'stopped') return `stopped under the alarm "${hopelessAlarm(run)!.rule}"`;
  const { name, better } = manifest.metric;
  const value = last[name] ?? null;
  if (value === null) return `its ${name} is not a number`;
  const bound = baseline(name);
  if (bound === null) return null;
  const ahead = better === 'higher' ? value - bound : bound - value;
  // The share of a class and an accuracy may differ by the rounding of their division.
  return ahead > 1e-9 * Math.abs(bound) ? null : 'no better than a constant prediction';
}
