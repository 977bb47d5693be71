import type { Column, Columns, SeriesName } from '../../src/extension/messages/columns.ts';
import type { Groups } from '../../src/extension/messages/run.ts';
import type { Announcer } from '../announcer.ts';
import { Figure } from '../charts/figure.ts';
import type { Series } from '../charts/series.ts';
import { TimeChart } from '../charts/timeChart.ts';
import type { TimeChartSpec } from '../charts/timeOptions.ts';
import type { View } from '../charts/view.ts';
import { h } from '../dom.ts';
import { exact, figure, gibibytes, mebibytes, percent, short } from '../format.ts';

/** Most areas side by side in a short chart. */
const AREAS = 40;

const milliseconds = (value: number | null) =>
  value === null ? exact(null) : `${exact(value)} ms`;
const bytes = (value: number | null) =>
  value === null ? exact(null) : value < 2 ** 30 ? mebibytes(value) : gibibytes(value);

interface Chart {
  readonly figure: Figure;
  readonly chart: TimeChart;
  readonly now: () => string;
}

/** What a step costs and how long its gradients are: below the strip, closed at first. */
export class MoreCharts {
  readonly element: HTMLDetailsElement;
  readonly #view: View;
  readonly #announcer: Announcer;
  readonly #strip = h('div', { class: 'figures strip' });
  readonly #charts;

  constructor(view: View, announcer: Announcer) {
    this.#view = view;
    this.#announcer = announcer;
    this.element = h(
      'details',
      { class: 'more' },
      h('summary', {}, 'Gradients, learning rate, speed, memory, use of the device'),
      this.#strip,
    );
    this.element.addEventListener('toggle', () => this.update());
    this.#charts = {
      norms: this.#add(
        'gradient-norms',
        'Gradients',
        'Length of the mean ḡ of the gradients and of the direction d; where groups last, of each group’s gradient.',
        { left: { title: 'length', min: 0 } },
        () => `‖d‖ ${figure(this.#last('norm'))}`,
      ),
      rate: this.#add(
        'learning-rate',
        'Learning rate',
        'The learning rate of each step.',
        { left: { title: 'rate', min: 0 } },
        () => short(this.#last('learningRate')),
      ),
      speed: this.#add(
        'throughput',
        'Speed',
        'Training examples per second of a step’s wall time, without validations and pauses.',
        { left: { title: 'examples/s', min: 0 } },
        () => `${short(perSecond('examples')(this.#view.columns)?.mean.at(-1) ?? null)} examples/s`,
      ),
      tokens: this.#add(
        'token-throughput',
        'Tokens',
        'Training tokens per second of a step’s wall time, without padding.',
        { left: { title: 'tokens/s', min: 0 } },
        () => `${short(perSecond('tokens')(this.#view.columns)?.mean.at(-1) ?? null)} tokens/s`,
      ),
      time: this.#add(
        'step-time',
        'Time per step',
        'Wall time of a step: gradients of the groups, their aggregation, update of the parameters.',
        { left: { title: 'ms', min: 0 }, areas: AREAS, value: milliseconds },
        () => milliseconds(stepTime(this.#view.columns)),
      ),
      memory: this.#add(
        'memory',
        'Memory',
        'Peaks of a step: resident memory of the process, and bytes of tensors. Of a GPU, sampled about every 10 seconds, how much of its own memory all programs use.',
        { left: { title: 'bytes', min: 0, format: bytes }, value: bytes },
        () => bytes(this.#last('deviceMemory') ?? this.#last('resident') ?? this.#last('tensors')),
      ),
      use: this.#add(
        'device-use',
        'Device use',
        'Sampled about every 10 seconds: share of the machine’s cores that the run’s processes use, and share of the time in which the GPU computes, for whatever program.',
        { left: { title: 'share', min: 0, max: 1, format: percent }, value: percent },
        () => percent(this.#last('deviceUse') ?? this.#last('processorUse')),
      ),
    } satisfies Record<string, Chart>;
  }

  /** Of another run, before its columns. */
  show({ names, lasting }: Groups): void {
    const { norms, rate, speed, tokens, time, memory, use } = this.#charts;
    norms.chart.setSeries([
      ...(lasting
        ? names.map(
            (label, group): Series => ({
              label,
              colour: (theme) => theme.groups(names.length)[group]!,
              of: `groupNorm/${group}`,
            }),
          )
        : []),
      { label: '‖ḡ‖', colour: (theme) => theme.mean, dash: [4, 2], of: 'meanNorm' },
      { label: '‖d‖', colour: (theme) => theme.foreground, of: 'norm' },
    ]);
    rate.chart.setSeries([line('learning rate', 'learningRate')]);
    speed.chart.setSeries([line('examples per second', perSecond('examples'))]);
    tokens.chart.setSeries([line('tokens per second', perSecond('tokens'))]);
    time.chart.setSeries(
      (['gradientsMs', 'aggregateMs', 'updateMs'] as const).map((of, i) => ({
        label: ['gradients', 'aggregation', 'update'][i]!,
        colour: (theme) => theme.groups(3)[i]!,
        of,
      })),
    );
    time.chart.setStacking('sum');
    memory.chart.setSeries([
      { label: 'process', colour: (theme) => theme.foreground, of: 'resident' },
      { label: 'tensors', colour: (theme) => theme.accent, of: 'tensors' },
      sample('GPU', 'deviceMemory'),
    ]);
    use.chart.setSeries([sample('processor cores', 'processorUse'), sample('GPU', 'deviceUse')]);
  }

  /** After the view has new columns. */
  update(): void {
    if (!this.element.open) return;
    for (const { figure, chart, now } of Object.values(this.#charts)) {
      chart.draw();
      const isLogged = chart.isMeasured || this.#view.columns.last.length === 0;
      figure.absent(isLogged ? '' : 'Not logged.');
      figure.now(isLogged ? now() : '');
    }
    // Only texts have tokens.
    const { figure, chart } = this.#charts.tokens;
    figure.element.hidden = !chart.isMeasured;
  }

  #add(id: string, title: string, help: string, spec: TimeChartSpec, now: () => string): Chart {
    const figure = new Figure({ id, title, help, announcer: this.#announcer, compact: true });
    this.#strip.append(figure.element);
    const isShown = () => this.element.open;
    return { figure, chart: new TimeChart(figure, spec, this.#view, isShown), now };
  }

  /** The newest one known. */
  #last(name: SeriesName): number | null {
    // Not every step has a sample of each.
    return this.#view.columns.series[name]?.mean.findLast(Number.isFinite) ?? null;
  }
}

function line(label: string, of: NonNullable<Series['of']>): Series {
  return { label, colour: (theme) => theme.foreground, of };
}

/** Of the GPU or of the machine, where a sample of it was taken. */
function sample(label: 'GPU' | 'processor cores', of: SeriesName): Series {
  const look = { label, of, isSampled: true };
  return label === 'GPU'
    ? { ...look, colour: (theme) => theme.accent, dash: [5, 3] }
    : { ...look, colour: (theme) => theme.foreground };
}

/** Examples or tokens per second: of a column, how many it has over its time. */
function perSecond(what: 'examples' | 'tokens') {
  return ({ series }: Columns): Column | undefined => {
    const { [what]: counted, gradientsMs, aggregateMs, updateMs } = series;
    if (!counted || !gradientsMs || !aggregateMs || !updateMs) return undefined;
    const mean = counted.mean.map(
      (count, i) =>
        (1000 * count) / (gradientsMs.mean[i]! + aggregateMs.mean[i]! + updateMs.mean[i]!),
    );
    return { ...counted, min: mean, max: mean, mean };
  };
}

function stepTime({ series }: Columns): number | null {
  const parts = [series.gradientsMs, series.aggregateMs, series.updateMs];
  const sum = parts.reduce((total, part) => total + (part?.mean.at(-1) ?? 0), 0);
  return Number.isFinite(sum) ? sum : null;
}
