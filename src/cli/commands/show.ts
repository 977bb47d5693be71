import path from 'node:path';
import type { Command } from 'commander';
import { aggregators } from '../../engine/aggregators/registry.ts';
import { diagnose } from '../../engine/diagnose.ts';
import { unpackGram } from '../../engine/gram.ts';
import { type GuaranteeState, guaranteeState } from '../../engine/guarantee.ts';
import type { Diagnostics } from '../../engine/types.ts';
import type { RunEvent, StepEvent } from '../../runs/events.ts';
import { EVENTS_FILE } from '../../runs/files.ts';
import type { RunManifest } from '../../runs/manifest.ts';
import { referredRun } from '../../runs/reference.ts';
import type { RunSummary } from '../../runs/store.ts';
import { EventTail } from '../../runs/tail.ts';
import { listed } from '../listing.ts';
import { figure, printJson, table } from '../output.ts';
import { rootOption, storeIn } from '../root.ts';

export function addShowCommand(program: Command): void {
  program
    .command('show')
    .description('show a run: what it is, how it got on, and what its last step was like')
    .argument('<run>', 'id of a run, or the start of one')
    .addOption(rootOption())
    .option('--json', 'print one JSON object')
    .action(async (reference: string, { root, json }: { root?: string; json?: boolean }) => {
      const shown = await shownRun(referredRun(await storeIn(root).list(), reference));
      if (json) printJson(shown);
      else console.log(asText(shown));
    });
}

type ShownRun = Awaited<ReturnType<typeof shownRun>>;

async function shownRun(run: RunSummary) {
  const { manifest } = run;
  const tail = new EventTail(path.join(run.folder, EVENTS_FILE));
  const events = await tail.read();
  const validations = events.filter((event) => event.kind === 'validation');
  const last = events.findLast((event) => event.kind === 'step');
  return {
    ...listed(run),
    task: manifest.task,
    groups: manifest.groups,
    device: manifest.device,
    configPath: manifest.configPath,
    versions: manifest.versions,
    fingerprints: manifest.fingerprints,
    guarantee: guaranteeOf(manifest.aggregator),
    /** All metrics of the last validation. */
    metrics: validations.at(-1)?.metrics ?? {},
    best: bestOf(events, manifest),
    lastStep: last ? shownStep(last, manifest) : null,
    warnings: events
      .filter((event) => event.kind === 'warning')
      .map(({ step, message }) => ({ step, message })),
    /** Lines of the log that are no events. */
    skippedLines: tail.skipped,
  };
}

/** What the aggregator promises of its gradient; what the optimizer makes of the gradient is another matter. */
function guaranteeOf(aggregator: string): string | null {
  const known = Object.values(aggregators).find(({ name }) => name === aggregator);
  return known?.guarantee ?? null;
}

/** The best validation by the metric that ranks checkpoints; the earliest of equals. */
function bestOf(events: readonly RunEvent[], { metric: { name, better } }: RunManifest) {
  const sign = better === 'higher' ? 1 : -1;
  let best: { step: number; value: number } | null = null;
  for (const event of events) {
    if (event.kind !== 'validation') continue;
    const value = event.metrics[name];
    if (typeof value !== 'number') continue;
    if (best === null || sign * value > sign * best.value) best = { step: event.step, value };
  }
  return best;
}

function shownStep(event: StepEvent, manifest: RunManifest) {
  const { step, learningRate, ms } = event;
  const diagnostics = diagnosticsOf(event);
  return {
    step,
    learningRate,
    ms,
    groups: event.groups.map((index, i) => ({
      name: manifest.groups.names[index] ?? `#${index + 1}`,
      size: event.sizes[i] ?? null,
      loss: event.losses[i] ?? null,
      weight: event.weights[i] ?? null,
    })),
    diagnostics,
    /** Whether the step kept the promise to go against no group. */
    promise: diagnostics && promiseOf(manifest.aggregator, diagnostics),
  };
}

/** `null` for an aggregator of another trainer's. */
function promiseOf(aggregator: string, step: { certified: boolean }): GuaranteeState | null {
  const known = Object.values(aggregators).find(({ name }) => name === aggregator);
  return known ? guaranteeState(known.name, step) : null;
}

/** Derived from the Gram matrix and the weights of the step; `null` if they do not go together, as another trainer might log. */
function diagnosticsOf({ gram, groups, sizes, weights }: StepEvent) {
  let derived: Diagnostics;
  try {
    derived = diagnose({ gram: unpackGram(gram, groups.length), sizes }, weights);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
  const k = groups.length;
  const cosines = groups.map((_, i) => Array.from(derived.cosines.subarray(i * k, (i + 1) * k)));
  return { ...derived, cosines };
}

function asText(run: ShownRun): string {
  const { init, order } = run.seed;
  const { best, lastStep } = run;
  const facts = [
    ['run', run.id],
    ['experiment', run.experiment.name],
    ['aggregator', run.aggregator],
    ['seed', init === order ? String(init) : `init ${init}, order ${order}`],
    ['status', run.error ? `${run.status}: ${run.error}` : run.status],
    ['step', `${run.step} of ${run.steps}`],
    ...Object.entries(run.metrics).map(([name, value]) => [name, figure(value)]),
    ...(best ? [['best', `${figure(best.value)} at step ${best.step}`]] : []),
    ['groups', `${run.groups.names.length} by ${run.groups.by}`],
    ['device', `${run.device.name} (${run.device.rung})`],
    ['config', run.configPath],
    ['folder', run.folder],
    ['guarantee', run.guarantee ?? 'unknown'],
    ['', 'of the gradient that the optimizer gets, not of what it makes of it'],
    ...run.warnings.map(({ step, message }) => ['warning', `step ${step}: ${message}`]),
    ...(run.skippedLines > 0 ? [['unreadable', `${run.skippedLines} lines of the log`]] : []),
  ];
  return [table(facts), ...(lastStep ? ['', stepText(lastStep)] : [])].join('\n');
}

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
  of: NonNullable<ReturnType<typeof diagnosticsOf>>,
  { groups, promise }: ReturnType<typeof shownStep>,
): string[][] {
  const against = of.against.map((i) => groups[i]!.name).join(', ');
  const percent = (share: number) => `${figure(100 * share)} %`;
  return [
    [
      'smallest cosine',
      `${figure(of.minCosine)}${of.certified ? ', certified: no group is made worse' : ''}`,
    ],
    ['goes against', against || 'no group'],
    ...(promise === 'broken' ? [['', 'BROKEN: the aggregator promises that it does not']] : []),
    ['duality gap / norm²', figure(of.gap / of.norm2)],
    ['norm / norm of the mean', figure(of.normRatio)],
    ['pairs in conflict', percent(of.conflictRate)],
    ['groups the mean steps against', percent(of.meanConflictRate)],
    ['effective groups', `${figure(of.effectiveGroups)} of ${of.cosines.length}`],
    ['effective dimension', figure(of.effectiveDimension)],
  ];
}
