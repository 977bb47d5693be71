import { fileURLToPath } from 'node:url';
import { mean, sampleStandardDeviation } from 'simple-statistics';
import { diagnoseStep, type StepDiagnostics } from '../../src/engine/diagnoseStep.ts';
import { table } from '../../src/experiment/markdown.ts';
import type { StepEvent } from '../../src/runs/events.ts';
import { factsOf } from '../../src/runs/facts.ts';
import type { RunManifest } from '../../src/runs/manifest.ts';
import { RunStore } from '../../src/runs/store.ts';
import { readEvents } from '../../src/runs/tail.ts';
import { circumstances, writeFigures } from '../readme.ts';

const page = fileURLToPath(new URL('../../docs/results.md', import.meta.url));

/** Columns of validation metrics; a table omits those that its task does not have. */
const METRICS = [
  'loss',
  'accuracy',
  'f1',
  'mcc',
  'rmse',
  'pearson',
  'spearman',
  'perplexity',
  'exactMatch',
];

interface Run {
  readonly manifest: RunManifest;
  readonly steps: readonly StepEvent[];
  readonly validations: readonly {
    step: number;
    metrics: Readonly<Record<string, number | null>>;
  }[];
}

/** Writes the results of runs between the markers of docs/results.md. */
export async function report(name: string, folder: string): Promise<void> {
  const runs = await Promise.all((await new RunStore(folder).list()).map(read));
  const { device, steps, groups } = runs[0]!.manifest;
  const sections = [
    `${circumstances()} Device: ${device.name}. ${steps} steps, ${groups.names.length} groups.`,
    `At the last step, mean ± standard deviation over seeds:`,
    finals(runs),
    ...aggregatorsOf(runs).map((aggregator) => {
      const run = runs.find(({ manifest }) => manifest.aggregator === aggregator)!;
      return `\`${aggregator}\`, seed ${run.manifest.seed.init}. Figures of steps are means over the steps since the validation before:\n\n${course(run)}`;
    }),
  ];
  writeFigures(name, sections.join('\n\n'), page);
}

async function read({ folder, manifest }: { folder: string; manifest: RunManifest }): Promise<Run> {
  const events = await readEvents(folder);
  return {
    manifest,
    steps: events.filter((event) => event.kind === 'step'),
    validations: events.filter((event) => event.kind === 'validation'),
  };
}

function aggregatorsOf(runs: readonly Run[]): string[] {
  return [...new Set(runs.map(({ manifest }) => manifest.aggregator))];
}

function metricsIn({ validations }: Run): string[] {
  return METRICS.filter((name) => name in validations[0]!.metrics);
}

function finals(runs: readonly Run[]): string {
  const names = metricsIn(runs[0]!);
  const rows = aggregatorsOf(runs).map((aggregator) => {
    const own = runs.filter(({ manifest }) => manifest.aggregator === aggregator);
    const spread = (name: string) => {
      const values = own.map(({ validations }) => validations.at(-1)!.metrics[name] ?? Number.NaN);
      return values.length < 2
        ? short(values[0]!)
        : `${short(mean(values))} ± ${short(sampleStandardDeviation(values))}`;
    };
    return [aggregator, `${own.length}`, ...names.map(spread)];
  });
  return table([['aggregator', 'seeds', ...names], ...rows], 1);
}

/** A row per validation: its metrics, and means over the steps before it. */
function course(run: Run): string {
  const names = metricsIn(run);
  const rows = run.validations.map(({ step, metrics }, i) => {
    const before = run.validations[i - 1]?.step ?? 0;
    const between = run.steps.filter((event) => event.step > before && event.step <= step);
    const values = names.map((name) => short(metrics[name] ?? Number.NaN));
    return [`${step}`, trainingLoss(between), ...values, ...conflict(between)];
  });
  const head = [
    'step',
    'training loss',
    ...names,
    'pairs in conflict',
    'groups the mean conflicts with',
    'groups d conflicts with',
    'lightest and heaviest weight',
    'effective groups',
    '‖d‖/‖mean‖',
  ];
  return table([head, ...rows]);
}

function trainingLoss(steps: readonly StepEvent[]): string {
  if (steps.length === 0) return '';
  return short(mean(steps.map(({ losses }) => mean(losses.map((loss) => loss ?? Number.NaN)))));
}

function conflict(steps: readonly StepEvent[]): string[] {
  if (steps.length === 0) return ['', '', '', '', '', ''];
  const all = steps.map((step) => diagnoseStep(factsOf(step)));
  const average = (of: (step: StepDiagnostics) => number | null) =>
    mean(all.map((step) => of(step) ?? Number.NaN));
  const percent = (share: number) => `${short(100 * share)} %`;
  const groups = steps[0]!.groups.length;
  return [
    percent(average(({ conflictRate }) => conflictRate)),
    percent(average(({ meanConflictRate }) => meanConflictRate)),
    percent(average(({ conflictsWith }) => conflictsWith && conflictsWith.length / groups)),
    extremes(steps),
    short(average(({ effectiveGroups }) => effectiveGroups)),
    short(average(({ normRatio }) => normRatio)),
  ];
}

/** The least and the greatest weight of a step's groups, each a mean over the steps. */
function extremes(steps: readonly StepEvent[]): string {
  const [least, most] = [Math.min, Math.max].map((of) =>
    mean(steps.map(({ weights }) => (weights ? of(...weights) : Number.NaN))),
  );
  return `${short(least!)} and ${short(most!)}`;
}

function short(value: number): string {
  return Number.isNaN(value) ? '–' : String(Number(value.toPrecision(3)));
}
