/** What optimizers, schedules and weight decay do to a certified direction: shares of updates in conflict, and the lengths of both. */
import { mean, median } from 'simple-statistics';
import { diagnoseStep } from '../../src/engine/diagnoseStep.ts';
import type { ClaimConfig } from '../../src/experiment/claims/trainings.ts';
import { table } from '../../src/experiment/markdown.ts';
import type { StepEvent } from '../../src/runs/events.ts';
import { factsOf } from '../../src/runs/facts.ts';
import type { RunSummary } from '../../src/runs/store.ts';
import { readEvents } from '../../src/runs/tail.ts';
import { inParallel } from '../trainSeeds.ts';
import { smallDigits } from './configs.ts';
import { type Training, train } from './train.ts';

const SEEDS = [0, 1];

/** Momentum, the scaling of AdamW, both and neither. */
const optimizers = {
  sgd: { name: 'sgd', learningRate: 0.1 },
  'sgd, momentum 0.9': { name: 'sgd', momentum: 0.9, learningRate: 0.01 },
  'adamw, beta1 0': { name: 'adamw', beta1: 0, learningRate: 1e-3 },
  adamw: { name: 'adamw', learningRate: 1e-3 },
};
const schedules = {
  constant: {},
  linear: { warmup: 0.1, decay: 'linear' },
  cosine: { warmup: 0.1, decay: 'cosine' },
};
const decays = { '': {}, ', decay': { weightDecay: 0.01 } };

export type Optimizer = keyof typeof optimizers;
type Schedule = keyof typeof schedules;
type Decay = keyof typeof decays;

/** Of the tables. */
const columns = [
  ['constant', ''],
  ['linear', ''],
  ['cosine', ''],
  ['linear', ', decay'],
] as const;

export const groupings = {
  microbatch: { by: 'microbatch', count: 8 },
  label: { by: 'label' },
};
export type Grouping = keyof typeof groupings;

export function jobOf(
  grouping: Grouping,
  aggregator: string,
  [optimizer, schedule, decay]: readonly [Optimizer, Schedule, Decay],
): Training {
  const setting = { name: `causes-${grouping}` };
  const config: ClaimConfig = {
    ...smallDigits(),
    groups: groupings[grouping],
    optimizer: { ...optimizers[optimizer], ...schedules[schedule], ...decays[decay] },
  };
  const method = { name: `${aggregator}, ${optimizer}, ${schedule}${decay}`, entry: aggregator };
  return { setting, config, method };
}

/** Trains all that the tables and pictures below read. */
export function trainCauses(jobs: number): Promise<void> {
  const all = keysOf(groupings).flatMap((grouping) => [
    ...keysOf(optimizers).flatMap((optimizer) => [
      ...columns.map(([schedule, decay]) => jobOf(grouping, 'grain', [optimizer, schedule, decay])),
      jobOf(grouping, 'mean', [optimizer, 'linear', '']),
    ]),
    jobOf(grouping, 'grain-normalized', ['adamw', 'linear', '']),
  ]);
  return inParallel(all, jobs, async (job, core) => {
    await train(job, rateOf(job), SEEDS, core);
  });
}

function rateOf({ config }: Training): number {
  return Number(config.optimizer.learningRate);
}

/** The runs of each seed; `trainCauses` has trained them. */
export function runsOf(job: Training): Promise<RunSummary[]> {
  return train(job, rateOf(job), SEEDS, 0);
}

/** The steps of each seed's run. */
export async function stepsOf(job: Training): Promise<StepEvent[][]> {
  return Promise.all(
    (await runsOf(job)).map(async ({ folder }) =>
      (await readEvents(folder)).filter((event) => event.kind === 'step'),
    ),
  );
}

/** Share of steps whose update conflicts with a group although the direction, `grain`'s, conflicts with none. */
export async function conflictTable(grouping: Grouping): Promise<string> {
  const header = [
    'optimizer',
    ...columns.map(([schedule, decay]) => `${schedule}${decay}`),
    'mean',
  ];
  const rows = [header];
  for (const optimizer of keysOf(optimizers)) {
    const row: string[] = [optimizer];
    for (const [schedule, decay] of columns) {
      row.push(await shareOf(jobOf(grouping, 'grain', [optimizer, schedule, decay])));
    }
    row.push(await shareOf(jobOf(grouping, 'mean', [optimizer, 'linear', ''])));
    rows.push(row);
  }
  return table(rows, 1);
}

async function shareOf(job: Training): Promise<string> {
  const conflicts = (await stepsOf(job)).flat().map((step) => {
    const { conflictsWith, updateConflictsWith } = diagnoseStep(factsOf(step));
    const direction = conflictsWith?.length ?? 0;
    if (job.method.entry === 'grain' && direction > 0) {
      throw new Error(`${job.setting.name}, ${job.method.name}: a direction is not certified`);
    }
    return updateConflictsWith!.length > 0 ? 1 : 0;
  });
  return `${(100 * mean(conflicts)).toFixed(0)} %`;
}

/** Medians over the seeds at each step. */
export interface Lengths {
  /** ‖d‖/‖ḡ‖ */
  readonly direction: readonly number[];
  /** ‖Δ‖/η: what the optimizer makes of d, without the schedule. */
  readonly update: readonly number[];
}

/** Under AdamW with the linear schedule. */
export async function lengthsOf(grouping: Grouping, aggregator: string): Promise<Lengths> {
  const runs = await stepsOf(jobOf(grouping, aggregator, ['adamw', 'linear', '']));
  const at = (measure: (step: StepEvent) => number) =>
    runs[0]!.map((_, step) => median(runs.map((run) => measure(run[step]!))));
  return {
    direction: at((step) => diagnoseStep(factsOf(step)).normRatio!),
    update: at(({ update, learningRate }) => Math.sqrt(update!.norm2!) / learningRate),
  };
}

function keysOf<K extends string>(record: Readonly<Record<K, unknown>>): K[] {
  return Object.keys(record) as K[];
}
