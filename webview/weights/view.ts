import type { RunHeader } from '../../src/extension/messages/common.ts';
import type {
  BlockWeights,
  WeightsAppend,
  WeightsPoint,
  WeightsShow,
} from '../../src/extension/messages/weights.ts';
import { BarChart } from '../charts/bars.ts';
import { BlockWeightsChart } from '../charts/blockWeights.ts';
import { colourBar } from '../charts/colourBar.ts';
import type { Feed } from '../charts/feed.ts';
import { Figure } from '../charts/figure.ts';
import { TimeChart } from '../charts/timeChart.ts';
import { isKnown, sumOf, WeightsArea } from '../charts/weightsArea.ts';
import { DataTable } from '../controls/dataTable.ts';
import { h } from '../dom.ts';
import { averaged, exact, percent, plural, short, thinned } from '../format.ts';
import { latest, newestFirst } from '../latest.ts';
import { Page } from '../page.ts';
import { RunTitle, spokenRun } from '../runHeader.ts';
import './weights.css';

/** Who decides the step: weights of the groups over steps and now, and how many groups take part. */
export class WeightsView {
  readonly #page: Page;
  readonly #title: RunTitle;
  readonly #table = new DataTable('Weights of the latest steps');
  readonly #blockTable = new DataTable(
    'Weights of each block at the latest step',
    'Table of blocks',
  );
  readonly #figures;
  readonly #area: WeightsArea;
  readonly #now: BarChart;
  readonly #blocks: BlockWeightsChart;
  readonly #effective: TimeChart;
  #effectiveFeed: Feed<WeightsPoint> | undefined;
  #groupNames: readonly string[] = [];
  #aggregator = '';
  #latest: readonly WeightsPoint[] = [];

  constructor(root: HTMLElement, onSelectRun: (runId: string) => void) {
    this.#title = new RunTitle(onSelectRun);
    const figures = h('div', { class: 'figures' });
    this.#page = new Page(
      root,
      'weights',
      this.#title.element,
      figures,
      this.#table.element,
      this.#blockTable.element,
    );
    const { announcer } = this.#page;
    this.#figures = {
      area: new Figure({
        id: 'weights-area',
        title: 'Weight of each group',
        help: 'The weight that each group has in the direction of the step: stacked up to their sum, or, where some are negative, as lines.',
        announcer,
      }),
      now: new Figure({
        id: 'weights-now',
        title: 'Weights now',
        help: 'The weights of the latest step.',
        announcer,
      }),
      effective: new Figure({
        id: 'effective-groups',
        title: 'Effective number of groups',
        help: '(Σ|w|)² / Σw²: k if all groups weigh the same, 1 if a single one decides.',
        announcer,
      }),
      blocks: new Figure({
        id: 'block-weights',
        title: 'Weights of each parameter block',
        help: 'Each block of parameters has weights of its own; they sum to 1 in each. At the right, how much each block has of the squared length of the groups’ gradients.',
        announcer,
      }),
    };
    const { area, now, effective, blocks } = this.#figures;
    area.element.classList.add('wide');
    blocks.element.classList.add('wide');
    blocks.plot.after(colourBar(0, '0', '1'));
    figures.append(area.element, blocks.element, now.element, effective.element);
    this.#area = new WeightsArea(area);
    this.#now = new BarChart(now, 'weight');
    this.#blocks = new BlockWeightsChart(blocks);
    this.#effective = new TimeChart(effective, {
      left: { title: 'groups', min: 0, suggestedMax: 1 },
    });
  }

  show({ run, choices, groupNames, points, blocks }: WeightsShow): void {
    this.#page.showContent();
    this.#title.show(run, choices);
    this.#groupNames = groupNames;
    this.#aggregator = run.aggregator;
    this.#latest = [];
    this.#area.show(groupNames, []);
    this.#effective.setAxis('left', { suggestedMax: groupNames.length });
    this.#effective.setSeries([
      { label: 'effective groups', colour: (theme) => theme.aggregator(this.#aggregator) },
    ]);
    this.#effectiveFeed = this.#effective.feed<WeightsPoint>([0, (point) => point.effectiveGroups]);
    this.append({ type: 'append', run, points, blocks });
  }

  append({ run, points, blocks }: WeightsAppend): void {
    this.#title.update(run);
    this.#latest = latest(this.#latest, points);
    this.#area.append(points);
    this.#effectiveFeed?.push(points);
    this.#effective.update();
    const newest = this.#latest.at(-1);
    this.#now.show(
      this.#groupNames.map((name, i) => ({ name, value: newest?.weights[i] ?? null })),
    );
    this.#describe(run, newest);
    this.#describeBlocks(blocks);
    this.#page.announcer.inform(
      `${spokenRun(run)}. ${newest ? this.#spoken(newest) : 'No step yet.'}`,
    );
  }

  empty(reason: string): void {
    this.#page.showEmpty(reason);
  }

  #describe(run: RunHeader, newest: WeightsPoint | undefined): void {
    const { area, now, effective } = this.#figures;
    const count = this.#groupNames.length;
    const absence = newest && !this.#area.isMeasured ? absenceOf(run) : '';
    for (const figure of [area, now, effective]) figure.absent(absence);
    const key = (text: (point: WeightsPoint) => string) =>
      newest ? (isKnown(newest.weights) ? text(newest) : '') : 'no step yet';
    area.now(key((point) => this.#largest(point)));
    area.note([this.#kindWords(newest), averaged(this.#area.width)].filter(Boolean).join(' '));
    now.now(key(({ step }) => `step ${step}`));
    effective.note(thinned(this.#effectiveFeed?.stride ?? 1));
    effective.now(key((point) => `${short(point.effectiveGroups)} of ${count} now`));
    this.#table.show(() => [
      ['step', ...this.#groupNames, 'sum', 'effective groups'],
      newestFirst(this.#latest).map(({ step, weights, effectiveGroups }) => [
        String(step),
        ...weights.map((weight) => weightWords(weight, weights)),
        isKnown(weights) ? exact(sumOf(weights)) : '–',
        exact(effectiveGroups),
      ]),
    ]);
  }

  #describeBlocks(blocks: BlockWeights | null): void {
    const { blocks: figure } = this.#figures;
    figure.element.hidden = blocks === null;
    this.#blockTable.element.hidden = blocks === null;
    if (!blocks) return;
    this.#blocks.show(this.#groupNames, blocks);
    figure.now(`step ${blocks.step}, ${plural(blocks.blocks.length, 'block')}`);
    figure.note(
      'At the right, the share of each block in Σ‖gᵢ‖². The weights above are the mean of the blocks’, each weighed by it.',
    );
    this.#blockTable.show(() => [
      ['block', 'share', ...this.#groupNames],
      blocks.blocks.map(({ name, share, weights }) => [
        name,
        percent(share),
        ...weights.map((weight) => weightWords(weight, weights)),
      ]),
    ]);
  }

  /** How to read weights that are no shares of a whole. */
  #kindWords(newest: WeightsPoint | undefined): string {
    const now = newest && isKnown(newest.weights) ? short(sumOf(newest.weights)) : '';
    switch (this.#area.kind) {
      case 'shares':
        return '';
      case 'parts':
        return `The weights need not sum to 1: the height of the stack is their sum${now && `, now ${now}`}.`;
      case 'signed':
        return `Some weights are negative, so each group is a line, not a layer. Their sum need not be 1${now && `; now it is ${now}`}.`;
    }
  }

  #largest({ weights }: WeightsPoint): string {
    const known = weights.map((weight) => weight ?? 0);
    const most = Math.max(...known);
    return `largest now: ${this.#groupNames[known.indexOf(most)] ?? ''}, ${short(most)}`;
  }

  #spoken(point: WeightsPoint): string {
    return isKnown(point.weights)
      ? `${this.#largest(point)}; ${short(point.effectiveGroups)} effective groups.`
      : 'The latest step has no weights.';
  }
}

function absenceOf({ method, aggregator }: RunHeader): string {
  return `No weights: the direction of ${method?.name ?? aggregator} is no weighted sum of the groups’ gradients.`;
}

/** Where all are missing, groups are not absent: they have no weights. */
function weightWords(weight: number | null, weights: WeightsPoint['weights']): string {
  if (weight !== null) return exact(weight);
  return isKnown(weights) ? 'absent' : '–';
}
