import type { BlockWeights } from '../../src/extension/messages/points.ts';
import type { Announcer } from '../announcer.ts';
import { Figure } from '../charts/figure.ts';
import { colourBar, HeatMap } from '../charts/heatMap.ts';
import { isKnown } from '../charts/weightsChart.ts';
import { DataTable } from '../controls/dataTable.ts';
import { exact, percent, plural } from '../format.ts';

/** Pixels for the axes, and for a row: all rows together are not higher than `ROWS` if they can be. */
const AXES = 44;
const ROW = { most: 24, least: 6 };
const ROWS = 560;

/** Weights of the groups in each parameter block: a heat map blocks × groups with each block's share, and a table. */
export class BlockWeightsFigure {
  readonly figure: Figure;
  readonly table = new DataTable('Weights of each block at the latest step', 'Table of blocks');
  readonly #map: HeatMap;

  constructor(announcer: Announcer) {
    this.figure = new Figure({
      id: 'block-weights',
      title: 'Weights of each parameter block',
      help: 'Each block of parameters has its own weights, which sum to 1. At the right, the share of each block in the squared length of the groups’ gradients.',
      announcer,
    });
    this.figure.element.classList.add('wide');
    this.figure.plot.after(colourBar(0, '0', '1'));
    this.#map = new HeatMap(this.figure, {
      quantity: 'weight',
      share: 'share of Σ‖gᵢ‖²',
      rowNames: 14,
    });
  }

  /** @param latest `null` for an aggregator that has the same weights in all blocks: nothing is shown */
  show(groupNames: readonly string[], latest: BlockWeights | null): void {
    const { figure, table } = this;
    figure.element.hidden = latest === null;
    table.element.hidden = latest === null;
    if (!latest) return;
    const { step, blocks } = latest;
    const row = Math.max(ROW.least, Math.min(ROW.most, ROWS / Math.max(1, blocks.length)));
    figure.plot.style.height = `${AXES + row * Math.max(4, blocks.length)}px`;
    this.#map.show({
      rows: blocks.map(({ name }) => name),
      columns: groupNames,
      values: blocks.map(({ weights }) => weights),
      shares: blocks.map(({ share }) => share),
    });
    figure.now(`step ${step}, ${plural(blocks.length, 'block')}`);
    figure.note(
      'At the right, the share of each block in Σ‖gᵢ‖². The weights above are the mean over blocks, weighted by this share.',
    );
    table.show(() => [
      ['block', 'share', ...groupNames],
      blocks.map(({ name, share, weights }) => [
        name,
        percent(share),
        ...weights.map((weight) => formatWeight(weight, weights)),
      ]),
    ]);
  }
}

/** A missing weight: the group is absent from the step, or the step has no weights at all. */
export function formatWeight(weight: number | null, weights: readonly (number | null)[]): string {
  if (weight !== null) return exact(weight);
  return isKnown(weights) ? 'absent' : '–';
}
