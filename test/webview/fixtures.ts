import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
/** Messages as the extension sends them, made from real descents. */
import { aggregatorNamed } from '../../src/engine/aggregators/registry.ts';
import { diagnoseStep } from '../../src/engine/diagnoseStep.ts';
import type { AggregatorName } from '../../src/engine/types.ts';
import { findingsOf } from '../../src/experiment/findings.ts';
import { soupTable } from '../../src/experiment/report/soupTable.ts';
import type { ValidatedRun } from '../../src/experiment/validatedRuns.ts';
import type { Columns, SortedWeights } from '../../src/extension/messages/columns.ts';
import { conflictMessages } from '../../src/extension/messages/conflict.ts';
import type { MetricsCost } from '../../src/extension/messages/metrics.ts';
import { metricsMessages } from '../../src/extension/messages/metrics.ts';
import {
  type BlockWeights,
  blockWeightsOf,
  type CosineMatrix,
  type MetricPoint,
  type MetricsPoint,
  matrixOf,
  pointOf,
} from '../../src/extension/messages/points.ts';
import type { Groups, Method, RunHeader } from '../../src/extension/messages/run.ts';
import type {
  AggregatorSeries,
  SeedVarianceShow,
} from '../../src/extension/messages/seedVariance.ts';
import { weightsMessages } from '../../src/extension/messages/weights.ts';
import { RunFeed, type StepWindow } from '../../src/extension/panels/runFeed.ts';
import { seriesOf } from '../../src/extension/panels/seedSeries.ts';
import { seedVerdictOf } from '../../src/extension/panels/seedVerdict.ts';
import { type Cost, CostTally, costRatio } from '../../src/runs/cost.ts';
import type { StepEvent } from '../../src/runs/events.ts';
import { factsOf } from '../../src/runs/facts.ts';
import { runFile } from '../../src/runs/grainFolder.ts';
import { badgeOf, besideMean } from '../../src/runs/guaranteeBadge.ts';
import { GuaranteeTally } from '../../src/runs/guaranteeTally.ts';
import type { RunManifest } from '../../src/runs/manifest.ts';
import { summary } from '../unit/extension/fixtures.ts';
import { manifestOf } from '../unit/runs/manifest.ts';
import { type Asked, type DescentOptions, descend } from './descent.ts';

export interface RunFixture {
  readonly run: RunHeader;
  /** The header after that many steps. */
  runAt(count: number): RunHeader;
  readonly choices: readonly { readonly id: string; readonly label: string }[];
  readonly groups: Groups;
  readonly points: readonly MetricsPoint[];
  /** Columns of the first so many steps; only those that a page with `since` steps lacks. */
  columnsAt(count: number, since?: number): Promise<Columns>;
  sortedAt(count: number): Promise<SortedWeights | null>;
  /** Cosines at the step with the given index. */
  matrixAt(index: number): CosineMatrix | null;
  /** Weights by block at the step with the given index. */
  blocksAt(index: number): BlockWeights | null;
  readonly validation: readonly MetricPoint[];
}

export interface RunOptions extends DescentOptions {
  /** The aggregator that the trainer says it uses, if that is not true. */
  readonly claims?: AggregatorName;
  /** Whether the mean was trained with the same seed. */
  readonly besideMean?: boolean;
  readonly alarms?: RunHeader['alarms'];
  /** The steps of the descent over and over, up to so many. */
  readonly length?: number;
  /** Whether groups are the same in every step. Default: true. */
  readonly lasting?: boolean;
}

export function runFixture({
  claims,
  besideMean: isBesideMean = false,
  alarms = [],
  lasting = true,
  length,
  ...options
}: RunOptions): RunFixture {
  const { seed, groups, momentum = 0 } = options;
  const steps = length ?? options.steps;
  const { aggregation: real, steps: descent, validations } = descend(options);
  const log = repeated(descent, length);
  const said = { ...options, aggregator: claims ?? options.aggregator };
  const aggregation = { ...real, name: said.aggregator };
  const names = Array.from({ length: groups }, (_, i) =>
    lasting ? `source ${i + 1}` : `#${i + 1}`,
  );
  const seriesNames = [
    ...weightsMessages.series({ names, lasting }),
    ...conflictMessages.series({ names, lasting }),
    ...metricsMessages.series({ names, lasting }),
  ];
  const manifest = manifestOf(`digits-${labelOf(said)}-seed${seed}`, {
    aggregation,
    groups: { by: lasting ? 'column:source' : 'microbatch', names },
  });
  const all = { from: null, to: null, columns: 1000 };
  const columns = async (count: number, window: StepWindow, bucket?: number) => {
    const steps = await (await feed()).window(
      { ...window, to: window.to ?? count },
      seriesNames,
      bucket,
    );
    return { ...steps, lastStep: count };
  };
  const feed = once(() => feedOn(log, manifest));
  const ofDescent = descent.map((event) => diagnoseStep(factsOf(event)));
  const derived = log.map((_, i) => ofDescent[i % ofDescent.length]!);
  const aggregator = labelOf(said);
  const id = `digits-${aggregator}-seed${seed}`;
  const name = aggregation.metric === 'preconditioned' ? 'adamw' : 'sgd';
  const config = { optimizer: { name, momentum, weightDecay: 0 } };
  const tallyOf = (steps: readonly StepEvent[]) => {
    const tally = new GuaranteeTally(aggregation);
    for (const step of steps) tally.add(diagnoseStep(factsOf(step)));
    return tally;
  };
  const mean = isBesideMean
    ? tallyOf(descend({ ...options, aggregator: 'mean', parameters: {} }).steps).counts.updates
    : null;
  const runAt = (count: number): RunHeader => {
    const tally = new GuaranteeTally(aggregation);
    for (const of of derived.slice(0, count)) tally.add(of);
    return {
      id,
      experiment: 'digits',
      aggregator,
      method: methodOf(said),
      metric: aggregation.metric,
      smoothing: aggregation.smoothing,
      guarantee: {
        counts: tally.counts,
        badge: badgeOf({ aggregation, config }, tally),
        besideMean: besideMean(mean),
      },
      seed: String(seed),
      status: 'running',
      step: steps,
      steps: 2 * steps,
      validating: null,
      alarms: alarms.filter(({ step }) => step <= count),
    };
  };
  return {
    run: runAt(steps),
    runAt,
    choices: [
      { id, label: `digits · ${aggregator} · seed ${seed}` },
      { id: 'digits-mean-seed4', label: 'digits · mean · seed 4' },
    ],
    groups: { names, lasting },
    columnsAt: async (count, since = 0) => {
      if (since === 0) return columns(count, all);
      const { bucket, first } = await columns(since, all);
      return columns(count, { ...all, from: first.at(-1)! }, bucket);
    },
    sortedAt: async (count) =>
      lasting ? null : (await feed()).sortedWeights({ ...all, to: count }),
    points: log.map((event, i) => pointOf(event, derived[i]!, aggregation, groups)),
    matrixAt: (index) => matrixOf(log[index]!, derived[index]!, names),
    blocksAt: (index) => blockWeightsOf(log[index]!, groups),
    validation: validations.map(({ step, loss }) => ({ step, value: loss })),
  };
}

const folder = once(() => {
  const parent = mkdtempSync(path.join(tmpdir(), 'grain-fixtures-'));
  process.once('exit', () => rmSync(parent, { recursive: true, force: true }));
  return parent;
});

/** The feed of a run on disk that has logged these steps. */
async function feedOn(steps: readonly StepEvent[], manifest: RunManifest): Promise<RunFeed> {
  const run = { manifest, folder: mkdtempSync(path.join(folder(), 'run-')) };
  writeFileSync(runFile(run.folder, 'manifest'), JSON.stringify(manifest));
  const lines = steps.map((step) => `${JSON.stringify(step)}\n`);
  writeFileSync(runFile(run.folder, 'events'), lines.join(''));
  const feed = await RunFeed.open(run);
  await feed.update();
  return feed;
}

function once<T>(make: () => T): () => T {
  let made: { readonly it: T } | undefined;
  return () => {
    made ??= { it: make() };
    return made.it;
  };
}

function repeated(steps: readonly StepEvent[], length = steps.length): readonly StepEvent[] {
  return Array.from({ length }, (_, i) => ({ ...steps[i % steps.length]!, step: i + 1 }));
}

/** What runs cost of which each step takes that long, in ms, and its tensors that many bytes; against one on the mean. */
export function costFixture(
  { run, points }: RunFixture,
  own: CostOptions,
  mean: CostOptions | null,
): MetricsCost {
  const of = ({ gradients, aggregate, tensors }: CostOptions): Cost => {
    const tally = new CostTally();
    for (const { step } of points) {
      const ms = { gradients: gradients + (step % 7), aggregate, update: 2 };
      const memory = { tensors: tensors - (step % 5), resident: 3.5 * tensors };
      tally.add({ ms, memory } as StepEvent);
    }
    return tally.cost!;
  };
  const cost = of(own);
  return { type: 'cost', id: run.id, cost, againstMean: mean && costRatio(cost, of(mean)) };
}

interface CostOptions {
  readonly gradients: number;
  readonly aggregate: number;
  readonly tensors: number;
}

/** The aggregator with its settings, as runs name it. */
function labelOf({ aggregator, parameters = {}, metric, smoothing }: Asked): string {
  const settings = Object.entries({ ...parameters, ...(smoothing && { smoothing }) });
  return [
    aggregator,
    ...settings.map(([name, value]) => `${name}=${value}`),
    ...(metric === 'preconditioned' ? [metric] : []),
  ].join(' ');
}

function methodOf({ aggregator }: Asked): Method {
  const { name, title, guarantee, reference, properties } = aggregatorNamed(aggregator);
  const { nonConflicting, minimumNorm } = properties;
  return { name, title, guarantee, nonConflicting, minimumNorm, reference };
}

/** Runs of several aggregators over the seeds; those of `running` have not got to the end. */
export function seedFixture(
  metric: 'loss' | 'worst group loss',
  seeds: readonly number[],
  running: readonly number[] = [],
  aggregators: readonly Asked[] = [{ aggregator: 'grain' }, { aggregator: 'mean' }],
  diverged: readonly number[] = [],
): SeedVarianceShow {
  const series = seriesOf(
    aggregators.flatMap((asked) => validatedRuns(asked, seeds, running, diverged)),
    metric,
  );
  return {
    type: 'show',
    experiment: { id: 'digits-1', label: 'digits' },
    choices: [
      { id: 'digits-1', label: 'digits · today 14:02' },
      { id: 'digits-0', label: 'digits · yesterday 09:30' },
    ],
    metric,
    better: 'lower',
    metrics: ['loss', 'worst group loss'],
    series,
    verdict: verdictFixture(metric, series),
    soups: soupTable([]),
    canAddSeeds: running.length === 0,
    agreements: [],
  };
}

/** As the extension judges it. */
function verdictFixture(
  metric: string,
  series: readonly AggregatorSeries[],
): SeedVarianceShow['verdict'] {
  const results = series.flatMap(({ aggregator, seeds }) =>
    seeds.map(({ runId, seed, status, points }) => {
      const counts = status === 'finished';
      const value = counts ? points.at(-1)!.value : null;
      const about = { run: runId, method: aggregator, seed, status, counts, value };
      return { ...about, failed: counts && value === null, reason: null };
    }),
  );
  const evidence = {
    metric,
    better: 'lower',
    constantPredictor: null,
    isCrossed: false,
    looks: null,
    validation: null,
  } as const;
  return seedVerdictOf(findingsOf({ ...evidence, results }));
}

/** Of the seeds in `diverged`, values are not finite from the fifth validation on. */
function validatedRuns(
  asked: Asked,
  seeds: readonly number[],
  running: readonly number[],
  diverged: readonly number[],
): ValidatedRun[] {
  const aggregator = labelOf(asked);
  return seeds.map((seed) => {
    const isRunning = running.includes(seed);
    const status = isRunning ? 'running' : 'finished';
    const { validations } = descend({ ...asked, seed, groups: 8, steps: 200 });
    const logged = isRunning ? validations.slice(0, 4) : validations;
    return {
      run: {
        ...summary({ experiment: 'digits', aggregator, seed, status }),
        folder: `digits-${aggregator}-seed${seed}`,
      },
      validations: logged.map(({ step, loss, worst }, i) => {
        const isLost = diverged.includes(seed) && i >= 4;
        return { step, metrics: isLost ? lost : { loss, 'worst group loss': worst } };
      }),
    };
  });
}

const lost = { loss: null, 'worst group loss': null };
