import type { Command } from 'commander';
import { knownAggregator } from '../../engine/aggregators/registry.ts';
import type { Unmeasured } from '../../engine/diagnoseStep.ts';
import { guaranteeOf } from '../../engine/guarantee.ts';
import type { AggregationSettings } from '../../engine/types.ts';
import { DerivedAlarms } from '../../experiment/alarms/derivedAlarms.ts';
import { meanRunFor } from '../../runs/cost.ts';
import type { StepEvent } from '../../runs/events.ts';
import { diagnosticsOf } from '../../runs/facts.ts';
import { formatFailure } from '../../runs/failure.ts';
import { formatAlarm, formatPercent, formatSeed, formatStatus } from '../../runs/format.ts';
import { badgeOf, besideMean } from '../../runs/guaranteeBadge.ts';
import type { RunManifest } from '../../runs/manifest.ts';
import { resolveRun } from '../../runs/reference.ts';
import { RunStore, type RunSummary } from '../../runs/store.ts';
import { costRows, shownCost } from '../cost.ts';
import { withIndex } from '../indexes.ts';
import { listed, rootOption } from '../listing.ts';
import { figure, printJson, table } from '../output.ts';

export function addShowCommand(program: Command): void {
  program
    .command('show')
    .description('show a run: status, results and the diagnostics of its last step')
    .argument('<run>', 'id of a run, or the start of one')
    .addOption(rootOption())
    .option('--json', 'print one JSON object')
    .action(async (reference: string, { root, json }: { root?: string; json?: boolean }) => {
      const runs = await new RunStore(root).listWatching();
      const shown = await shownRun(resolveRun(runs, reference), runs);
      if (json) printJson(shown);
      else console.log(asText(shown));
    });
}

type ShownRun = Awaited<ReturnType<typeof shownRun>>;

async function shownRun(run: RunSummary, runs: readonly RunSummary[]) {
  const { manifest } = run;
  const { aggregation } = manifest;
  const mean = await meanOf(run, runs);
  return withIndex(run, async (index) => {
    const { guarantee, progress, best, cost, skipped } = index.digest;
    const last = await index.lastStep();
    return {
      ...listed(run),
      alarms: await new DerivedAlarms(run).read(index),
      task: manifest.task,
      groups: manifest.groups,
      device: manifest.device,
      configPath: manifest.configPath,
      versions: manifest.versions,
      git: manifest.git ?? null,
      fingerprints: manifest.fingerprints,
      aggregation,
      ...aboutMethod(aggregation),
      /** Over all steps whose facts are consistent. */
      guaranteeCounts: guarantee.counts,
      guaranteeBadge: badgeOf(manifest, guarantee),
      /** Of the run on the mean with the same experiment and seed. */
      meanUpdates: mean && { ...mean.updates, run: mean.run },
      /** All metrics of the last validation. */
      metrics: progress.metrics,
      best,
      cost: shownCost(cost, mean),
      lastStep: last ? shownStep(last, manifest) : null,
      warnings: (await index.rare())
        .filter((event) => event.kind === 'warning')
        .map(({ step, message }) => ({ step, message })),
      /** Lines of the log that are not events. */
      skippedLines: skipped,
    };
  });
}

/** Of the run on the mean with the same experiment and seed; null if there is none. */
async function meanOf(run: RunSummary, runs: readonly RunSummary[]) {
  const mean = meanRunFor(run, runs);
  if (!mean) return null;
  return withIndex(mean, async ({ digest }) => ({
    run: mean.manifest.id,
    cost: digest.cost,
    updates: digest.guarantee.counts.updates,
  }));
}

/** Description of the aggregator; nulls for another trainer's. */
function aboutMethod({ name }: AggregationSettings<string>) {
  const { title = null, reference = null, guarantee = null } = knownAggregator(name) ?? {};
  return { title, reference, guarantee };
}

function shownStep(event: StepEvent, manifest: RunManifest) {
  const { step, learningRate, ms } = event;
  const diagnostics = shownDiagnostics(event);
  return {
    step,
    learningRate,
    ms,
    groups: event.groups.map((index, i) => ({
      name: manifest.groups.names[index] ?? `#${index + 1}`,
      size: event.sizes[i] ?? null,
      loss: event.losses[i] ?? null,
      weight: event.weights?.[i] ?? null,
    })),
    diagnostics,
    /** Whether the guarantee of no conflict held in the step. */
    guaranteeState: diagnostics && guaranteeOf(manifest.aggregation, diagnostics),
  };
}

/** As JSON: the cosines row by row. */
function shownDiagnostics(event: StepEvent) {
  const derived = diagnosticsOf(event);
  if (!derived) return null;
  const { cosines } = derived;
  const k = event.groups.length;
  return {
    ...derived,
    cosines:
      cosines && event.groups.map((_, i) => Array.from(cosines.subarray(i * k, (i + 1) * k))),
  };
}

function asText(run: ShownRun): string {
  const { best, lastStep } = run;
  const facts = [
    ['run', run.id],
    ['experiment', run.experiment.name],
    ['aggregator', run.title ? `${run.aggregator}: ${run.title}` : run.aggregator],
    ...(run.reference ? [['reference', run.reference]] : []),
    ['seed', formatSeed(run.seed)],
    ['status', statusText(run)],
    ...run.alarms.map((alarm) => [
      alarm.clearedAt === null ? 'ALARM' : 'alarm',
      `${formatAlarm(alarm)} (${alarm.rule})`,
    ]),
    ['step', `${run.step} of ${run.steps}`],
    ...(run.validating === null ? [] : [['validation', `${formatPercent(run.validating)} done`]]),
    ...Object.entries(run.metrics).map(([name, value]) => [name, figure(value)]),
    ...(best ? [['best', `${figure(best.value)} at step ${best.step}`]] : []),
    ['groups', `${run.groups.names.length} by ${run.groups.by}`],
    ['device', `${run.device.name} (${run.device.backend})`],
    ...costRows(run.cost),
    ['config', run.configPath],
    ...(run.git
      ? [['commit', `${run.git.commit.slice(0, 12)}${run.git.dirty ? ', with changes' : ''}`]]
      : []),
    ['folder', run.folder],
    ...guaranteeRows(run),
    ...run.warnings.map(({ step, message }) => ['warning', `step ${step}: ${message}`]),
    ...(run.skippedLines > 0 ? [['unreadable', `${run.skippedLines} lines of the log`]] : []),
  ];
  return [table(facts), ...(lastStep ? ['', stepText(lastStep)] : [])].join('\n');
}

function statusText({ status, failure, alarms }: ShownRun): string {
  const text = formatStatus(status, alarms);
  return failure ? `${text}: ${formatFailure(failure)}` : text;
}

/** The guarantee, its metric, and what became of it and of the updates over all steps. Conflicts are always listed. */
function guaranteeRows(run: ShownRun): string[][] {
  const { guarantee, aggregation, guaranteeCounts, guaranteeBadge, meanUpdates } = run;
  const { held, violated, conflicted, measured, updates } = guaranteeCounts;
  const rows = [
    guarantee ?? 'unknown',
    metricTexts[aggregation.metric],
    ...(aggregation.smoothing > 0 ? ['LOST by smoothing: weights of past steps are mixed in'] : []),
    ...(held > 0 ? [`held in ${held} of ${measured} steps`] : []),
    ...(violated > 0 ? [`VIOLATED in ${violated} of ${measured} steps`] : []),
    ...(conflicted > violated
      ? [`conflicted with a group in ${conflicted} of ${measured} steps`]
      : []),
  ];
  const mean = besideMean(meanUpdates);
  return [
    ...rows.map((text, i) => [i === 0 ? 'guarantee' : '', text]),
    ['', `${guaranteeBadge.text}${mean && `; ${mean}`}`],
    ...(updates.measured > 0
      ? [
          [
            'updates',
            `conflicted with a group in ${updates.conflicted} of ${updates.measured} steps`,
          ],
        ]
      : []),
    ...(guaranteeBadge.remedy === null ? [] : [['remedy', guaranteeBadge.remedy]]),
  ];
}

const metricTexts: Readonly<Record<AggregationSettings<string>['metric'], string>> = {
  euclidean: 'holds for the gradient that the optimizer gets, not for the step it makes',
  preconditioned: 'holds for the preconditioned step, without momentum and weight decay',
};

function stepText(shown: ReturnType<typeof shownStep>) {
  const { step, learningRate, groups, diagnostics } = shown;
  const members = groups.map(({ name, size, loss, weight }) => [
    name,
    figure(size),
    figure(loss),
    figure(weight),
  ]);
  return [
    `step ${step}, learning rate ${figure(learningRate)}`,
    table([['group', 'examples', 'loss', 'weight'], ...members]),
    '',
    diagnostics
      ? table(diagnosticRows(diagnostics, shown))
      : 'its Gram matrix and weights do not match',
  ].join('\n');
}

function diagnosticRows(
  of: NonNullable<ReturnType<typeof shownDiagnostics>>,
  { groups, guaranteeState }: ReturnType<typeof shownStep>,
): string[][] {
  const exact = (share: number | null) => (share === null ? '–' : `${figure(100 * share)} %`);
  const named = (indices: readonly number[]) =>
    indices.map((i) => groups[i]!.name).join(', ') || 'no group';
  const certified = of.certified ? ', certified: d conflicts with no group' : '';
  return [
    ...(of.unmeasured ? [['not measurable', unmeasuredTexts[of.unmeasured]]] : []),
    ['smallest cosine', `${figure(of.minCosine)}${certified}`],
    ...(of.conflictsWith ? [['conflicts with', named(of.conflictsWith)]] : []),
    ...(guaranteeState === 'violated'
      ? [['', 'VIOLATED: the aggregator guarantees that it does not']]
      : []),
    ...(of.updateConflictsWith ? [['update conflicts with', named(of.updateConflictsWith)]] : []),
    ...(of.stationary ? [['', 'zero to rounding: no direction improves every group']] : []),
    [
      'duality gap / norm²',
      // Infinite off the simplex, where it says nothing.
      figure(of.norm2 === null || !Number.isFinite(of.gap) ? null : of.gap! / of.norm2),
    ],
    ['norm / norm of the mean', figure(of.normRatio)],
    ['pairs in conflict', exact(of.conflictRate)],
    ['groups the mean conflicts with', exact(of.meanConflictRate)],
    ['effective groups', `${figure(of.effectiveGroups)} of ${groups.length}`],
    ['effective dimension', figure(of.effectiveDimension)],
  ];
}

const unmeasuredTexts: Readonly<Record<Unmeasured, string>> = {
  'one-by-one':
    'gradients were computed one after another: which groups the direction conflicts with is unknown',
  'no-gram': 'the log has no Gram matrix of the step',
  'no-weights': 'the log has neither weights nor inner products of the step',
};
