import { differenceTo } from '../../../experiment/baseline.ts';
import type { ValidatedRun } from '../../../experiment/validatedRuns.ts';
import { configDifferences } from '../../../runs/configDifferences.ts';
import {
  type Facet,
  facetsOf,
  groupRuns,
  launchLabels,
  type RunGroup,
} from '../../../runs/facets.ts';
import { formatSeed } from '../../../runs/format.ts';
import { experimentKey } from '../../../runs/identity.ts';
import { bucketSize } from '../../../runs/index/pyramid.ts';
import { examplesOfEpoch } from '../../../runs/manifest.ts';
import { isActive } from '../../../runs/status.ts';
import type { RunSummary } from '../../../runs/store.ts';
import { type Unit, unitSchema } from '../../messages/columns.ts';
import {
  type ComparedConfigs,
  type ComparedGroup,
  type ComparedRun,
  type CompareRequest,
  type CompareShow,
  type CompareState,
  compareRequest,
} from '../../messages/compare.ts';
import type { EmptyMessage } from '../../messages/run.ts';
import type { SeedCurve } from '../../messages/seedVariance.ts';
import type { Content } from '../livePage.ts';
import { type Progress, type RunReader, RunReaders } from '../runReader.ts';
import { type Axis, axisOf, placed, placedBand } from './axes.ts';
import { type CurvePoint, decimated, groupBand, pointsOf, thinnedBand } from './curves.ts';
import { choicesOf, usualFacets } from './grouping.ts';
import { betterMeasure, measuresOf, stepSeries } from './measures.ts';
import { bestOf, finalOf, lastOf, type MeasuredRun, resultsOf, runDifference } from './results.ts';

/** Most points of all curves together: a chart of a hundred runs has no room for more of each. */
const MOST_POINTS = 24_000;

/** While runs are trained, all curves are sent at most so often. */
const REST_MS = 1_000;

interface Options<Run> {
  readonly runs: { readonly ready: Promise<void>; find(folder: string): Run | undefined };
  /** Of the runs to compare. */
  readonly folders: () => readonly string[];
  /** What the page showed before a reload. */
  readonly state: CompareState | undefined;
  /** For times, as BCP 47. */
  readonly locale: string;
}

/** What is read of a run for the metric that is looked at. */
interface Read extends MeasuredRun, ValidatedRun {
  readonly reader: RunReader;
  readonly axis: Axis;
  readonly points: readonly CurvePoint[];
}

/** Runs of any launches and folders beside each other. */
export class CompareContent<Run extends RunSummary>
  implements Content<CompareShow, CompareRequest>
{
  readonly requests = compareRequest;
  readonly #options: Options<Run>;
  readonly #readers = new RunReaders();
  /** The user's choices; until there are any, the usual ones. */
  #metric: string | undefined;
  #by: readonly Facet[] | undefined;
  #baseline: string | null;
  /** What the horizontal axis counts, and which part of it is looked at. */
  #unit: Unit;
  #window: { from: number | null; to: number | null; columns: number } = {
    ...{ from: null, to: null, columns: 1000 },
  };
  /** Asked for something, which is answered at once. */
  #isAsked = false;
  #sentAt = 0;
  #shown = '';

  constructor(options: Options<Run>) {
    this.#options = options;
    this.#metric = options.state?.metric;
    this.#by = options.state?.by as Facet[] | undefined;
    this.#baseline = options.state?.baseline ?? null;
    this.#unit = options.state?.unit ?? 'step';
  }

  async update(
    post: (message: CompareShow | EmptyMessage) => void,
    fresh: boolean,
  ): Promise<boolean> {
    const { runs, folders } = this.#options;
    await runs.ready;
    const found = folders().flatMap((folder) => runs.find(folder) ?? []);
    const more = found.some(({ status }) => isActive(status));
    const isNow = fresh || this.#isAsked;
    if (!isNow && Date.now() - this.#sentAt < REST_MS) return true;
    this.#isAsked = false;
    const message = found.length > 0 ? await this.#messageOf(found) : deleted;
    const text = JSON.stringify(message);
    if (isNow || text !== this.#shown) {
      post(message);
      this.#sentAt = Date.now();
    }
    this.#shown = text;
    return more;
  }

  receive(request: CompareRequest): void {
    this.#isAsked = true;
    switch (request.type) {
      case 'selectMetric':
        this.#metric = request.metric;
        break;
      case 'groupBy':
        this.#by = request.by as Facet[];
        break;
      case 'pin':
        this.#baseline = request.baseline;
        break;
      case 'count':
        this.#unit = request.unit;
        this.#window = { ...this.#window, from: null, to: null };
        break;
      case 'window':
        this.#window = request;
    }
  }

  dispose(): void {
    this.#readers.dispose();
  }

  async #messageOf(runs: readonly Run[]): Promise<CompareShow> {
    const { locale, folders } = this.#options;
    const opened = await Promise.all(
      runs.map(async (run) => {
        const reader = await this.#readers.of(run);
        const { validations } = reader;
        return { run, reader, validations, progress: await reader.progress() };
      }),
    );
    const units = unitSchema.options.filter((unit) => opened.every((one) => axisIn(unit, one)));
    const unit = units.includes(this.#unit) ? this.#unit : 'step';
    const onAxis = opened.map((one) => ({ ...one, axis: axisIn(unit, one)! }));
    const metrics = measuresOf(opened);
    const metric = metrics.find((name) => name === this.#metric) ?? metrics[0]!;
    const better = betterMeasure(opened, metric);
    const bucket = stepSeries(metric) ? this.#bucketOf(onAxis) : 1;
    const read = await Promise.all(onAxis.map((one) => this.#read(one, metric, bucket)));

    const facets = facetsOf(runs);
    const by = (this.#by ?? usualFacets(facets)).filter((facet) => facets.has(facet));
    const groups = by.length === 0 ? eachAlone(runs, locale) : groupRuns(runs, by, locale);
    const baseline = groups.find(({ key }) => key === this.#baseline) ?? null;
    const of = new Map(read.map((one) => [one.run.folder, one]));
    const measured = (group: RunGroup<Run>) => group.runs.map(({ folder }) => of.get(folder)!);
    const pinned = baseline && resultsOf(measured(baseline));
    const most = this.#most(runs.length);
    return {
      type: 'show',
      metric,
      metrics,
      better,
      by,
      facets: choicesOf(facets),
      baseline: baseline?.key ?? null,
      groups: groups.map((group): ComparedGroup => {
        const all = measured(group);
        const isBaseline = group.key === baseline?.key;
        const curves = all.map((one) => curveOf(one, group, most));
        const band = thinnedBand(groupBand(all.map(({ points }) => points)), most);
        const axes = all.map(({ axis }) => axis);
        return {
          key: group.key,
          aggregator: group.label,
          ...(unit === 'step'
            ? { seeds: curves, band }
            : {
                seeds: curves.map((one, i) => ({ ...one, points: placed(one.points, axes[i]!) })),
                band: placedBand(band, axes),
              }),
          final: finalOf(all),
          difference: pinned && !isBaseline ? differenceTo(pinned, resultsOf(all)) : null,
        };
      }),
      ...this.#tableOf(groups, (run) => {
        const one = of.get(run.folder)!;
        const best = stepSeries(metric) ? null : bestOf(one, metric, better);
        const difference = pinned && runDifference(pinned, one);
        return { last: one.last, best, difference };
      }),
      unit,
      units,
      end: Math.max(0, ...onAxis.map(({ axis }) => axis.end)),
      bucket,
      folders: folders(),
    };
  }

  #most(runs: number): number {
    return Math.max(40, Math.min(this.#window.columns, Math.floor(MOST_POINTS / runs)));
  }

  /** The same for all runs, so that their columns end at the same steps. */
  #bucketOf(all: readonly Pick<Read, 'axis'>[]): number {
    const spans = all.map(({ axis }) => {
      const { from, to } = this.#stepsOn(axis);
      return Math.min(to, axis.stepAt(axis.end)) - from;
    });
    return bucketSize(Math.max(0, ...spans), this.#most(all.length));
  }

  /** Which steps of a run are looked at. */
  #stepsOn(axis: Axis): { readonly from: number; readonly to: number } {
    const { from, to } = this.#window;
    return {
      from: from === null ? 0 : Math.ceil(axis.stepAt(from)),
      to: to === null ? Number.MAX_SAFE_INTEGER : Math.floor(axis.stepAt(to)),
    };
  }

  async #read(
    one: ValidatedRun & { readonly run: Run; readonly reader: RunReader; readonly axis: Axis },
    metric: string,
    bucket: number,
  ): Promise<Read> {
    const { from, to } = this.#stepsOn(one.axis);
    const series = stepSeries(metric);
    if (!series) {
      const points = one.validations.flatMap(({ step, metrics }): CurvePoint[] => {
        const value = metrics[metric];
        return value === undefined || step < from || step > to ? [] : [{ step, value }];
      });
      return { ...one, points, last: lastOf(one, metric) };
    }
    const { reader, run } = one;
    const window = await reader.window({ from, to, bucket }, series);
    const end = await reader.window({ from: run.step, to: run.step, bucket: 1 }, series);
    const column = window.series[series];
    const last = end.series[series]?.last.at(-1);
    return {
      ...one,
      points: column ? pointsOf(window.last, column) : [],
      last: last !== undefined && Number.isFinite(last) ? last : null,
    };
  }

  #tableOf(
    groups: readonly RunGroup<Run>[],
    figuresOf: (run: Run) => Pick<ComparedRun, 'last' | 'best' | 'difference'>,
  ): { readonly runs: ComparedRun[]; readonly differences: ComparedConfigs } {
    const runs = groups.flatMap((group) => group.runs);
    const launches = launchLabels(runs, this.#options.locale, { isShort: true });
    const { variants, rows } = configDifferences(runs);
    const variantOf = new Map(
      variants.flatMap((variant, i) => variant.map(({ folder }) => [folder, i] as const)),
    );
    return {
      runs: runs.map(
        (run): ComparedRun => ({
          id: run.folder,
          launch: launches.get(experimentKey(run))!,
          method: run.manifest.aggregator,
          seed: formatSeed(run.manifest.seed),
          status: run.status,
          tags: run.notes.tags,
          step: run.step,
          ...figuresOf(run),
          values: rows.map(({ values }) => values[variantOf.get(run.folder)!]!),
        }),
      ),
      differences: {
        titles: variants.map((variant) => nameOf(variant, launches)),
        rows,
      },
    };
  }
}

function axisIn(
  unit: Unit,
  { run, progress }: { readonly run: RunSummary; readonly progress: Progress },
): Axis | null {
  return axisOf(unit, progress, examplesOfEpoch(run.manifest));
}

function eachAlone<Run extends RunSummary>(runs: readonly Run[], locale: string): RunGroup<Run>[] {
  const groups = groupRuns(runs, ['launch', 'method', 'seed'], locale);
  return groups.flatMap((group) =>
    group.runs.map((run, i) => ({
      key: run.folder,
      label: i === 0 ? group.label : `${group.label} (${i + 1})`,
      runs: [run],
    })),
  );
}

/** Where the runs of a group are of several launches, or differ in method, the seed alone would not name one. */
function curveOf<Run extends RunSummary>(
  { run, points }: Read,
  { runs }: RunGroup<Run>,
  most: number,
): SeedCurve {
  const seed = formatSeed(run.manifest.seed);
  const isNamed = runs.filter((one) => formatSeed(one.manifest.seed) === seed).length === 1;
  return {
    runId: run.folder,
    seed: isNamed ? seed : `${seed} (${run.manifest.id})`,
    status: run.status,
    points: decimated(points, most),
  };
}

/** "digits · Nov 24, 14:02 and 2 more". */
function nameOf(runs: readonly RunSummary[], launches: ReadonlyMap<string, string>): string {
  const [first, ...others] = new Set(runs.map((run) => launches.get(experimentKey(run))!));
  return others.length === 0 ? first! : `${first} and ${others.length} more`;
}

const deleted: EmptyMessage = {
  type: 'empty',
  reason: 'These runs were deleted. Select others in the run explorer, and compare them.',
};
